"""Windows add up partial sums, and never less than what happened."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.policies.facts import Facts, facts_of
from apps.policies.windows import SPANS, Money, Record, Sum, Tally, key_of, own_sum

START = datetime(2026, 11, 21, 9, 0, 17, tzinfo=UTC)
BASE = {"connector": "null", "risk": "medium", "reversibility": "reversible"}


def moved(cents: int) -> Record:
    """A price that goes up or down by so many cents."""
    step = Decimal(cents) / 100
    return Sum(1, 1, {"EUR": Money(abs(step), step, abs(step))}).record()


def held(tally: Tally, span: str, now: datetime) -> Sum:
    """What a window that ends now holds of prices."""
    return Sum.read(tally.within(span, now).get("set_price", Sum().record()))


steps = st.lists(st.tuples(st.integers(0, 40 * 86400), st.integers(-500, 500)), max_size=25)


@given(steps=steps, after=st.integers(0, 3 * 86400), span=st.sampled_from(sorted(SPANS)))
def test_a_window_holds_all_of_its_time_and_at_most_a_bucket_more(
    steps: Sequence[tuple[int, int]], after: int, span: str
) -> None:
    """Whatever was counted when: between the sum over the window and that over a bucket more."""
    tally = Tally()
    for at, cents in steps:
        tally.add(moved(cents), action="set_price", at=START + timedelta(seconds=at), spans=[span])
    end = max((at for at, _ in steps), default=0) + after
    now = START + timedelta(seconds=end)
    kept = Tally(tally.record())
    kept.forget(now)
    found = held(kept, span, now)
    assert found == held(tally, span, now)
    length, more = SPANS[span].seconds, SPANS[span].bucket
    inside = sum(1 for at, _ in steps if at >= end - length)
    about = sum(1 for at, _ in steps if at >= end - length - more)
    assert inside <= found.changes <= about
    assert len(kept.record()) <= length // more + 1


@given(steps=steps, data=st.data())
def test_what_is_given_back_was_never_there(
    steps: Sequence[tuple[int, int]], data: st.DataObject
) -> None:
    """In any order, some of them: the rest is what it would be without those."""
    gone = data.draw(st.lists(st.sampled_from(range(len(steps))), unique=True)) if steps else []
    whole, rest = Tally(), Tally()
    for place, (at, cents) in enumerate(steps):
        moment = START + timedelta(seconds=at)
        whole.add(moved(cents), action="set_price", at=moment, spans=["30d"])
        if place not in gone:
            rest.add(moved(cents), action="set_price", at=moment, spans=["30d"])
    for place in gone:
        at, cents = steps[place]
        whole.take(moved(cents), action="set_price", at=START + timedelta(seconds=at),
                   spans=["30d"])  # fmt: skip
    now = START + timedelta(days=41)
    one, other = held(whole, "30d", now), held(rest, "30d", now)
    assert (one.changes, one.alone) == (other.changes, other.alone)
    assert one.money.get("EUR", Money()) == other.money.get("EUR", Money())


@pytest.mark.parametrize(
    ("fields", "counted"),
    [
        ({"params": {"amount": "9.00", "currency": "EUR"}, "before": {"prices": {"EUR": "10.00"}},
          "after": {"prices": {"EUR": "9.00"}}},
         Sum(1, 1, {"EUR": Money(Decimal("1.00"), Decimal("-1.00"), Decimal("1.00"))})),
        ({"params": {"amount": "9.00", "currency": "EUR"}, "before": {}, "after": {}},
         Sum(1, 1, {"EUR": Money(Decimal("9.0"), Decimal(0), Decimal("9.0"))})),
        ({"params": {"quantity": 3}, "before": {}, "after": {}}, Sum(1, 1)),
    ],
)  # fmt: skip
def test_a_price_counts_by_its_step_and_money_by_its_amount(
    fields: dict[str, dict[str, str]], counted: Sum
) -> None:
    """A change that moves no money only counts."""
    assert own_sum(facts_of(action="a", **fields, **BASE)) == counted


def test_changes_without_a_customer_are_counted_as_one() -> None:
    """Not knowing whose it is opens no window of its own."""

    def of(**scopes: str) -> Facts:
        return Facts(action="a", scopes=scopes, **BASE)  # type: ignore[arg-type]

    assert key_of(of(), "customer") == key_of(of(customer=""), "customer")
    assert key_of(of(customer="ann"), "customer") != key_of(of(), "customer")
    assert key_of(of(), "workspace") == key_of(of(customer="ann"), "workspace")


class Row:
    """A tally as the database keeps it, by the words of the statements that lock and write it."""

    def __init__(self) -> None:
        self.sums: dict[str, Any] = {}
        self.running: dict[str, Any] = {}

    def locked(self, now: datetime | None = None) -> Tally:
        """The tally; its closed buckets only if another than that of now is open."""
        opened = {span: one["number"] for span, one in self.running.items()}
        is_open = now is not None and all(
            opened.get(span) == SPANS[span].number(now) for span in ASKED
        )
        return Tally(None if is_open else self.sums, running=self.running)

    def write(self, tally: Tally, now: datetime) -> None:
        """What the tally says has changed, and nothing else."""
        changed = json.loads(json.dumps(tally.changed(now)))
        self.running = changed["running"]
        kept = self.sums | changed.get("moved", {})
        self.sums = {name: one for name, one in kept.items() if name not in changed.get("over", ())}


ASKED = ("15m", "1h", "24h")
acts = st.lists(
    st.tuples(
        st.sampled_from(["count", "count", "try", "give back", "look"]),
        st.sampled_from([0, 0, 1, 59, 61, 300, 3600, 90_000, -1, -70]),  # how far the clock moves
        st.sampled_from(["set_price", "refund"]),
        st.integers(-500, 500),
        st.integers(0, 99),
    ),
    max_size=30,
)


def seen(held: Sum) -> tuple[int, int, Money]:
    """What rules see of a sum."""
    return held.changes, held.alone, held.money.get("EUR", Money())


@example(acts=[("count", 0, "set_price", 0, 0), ("count", 3600, "set_price", 0, 0),
               ("give back", 300, "set_price", 0, 1), ("count", -70, "set_price", 0, 0)])  # fmt: skip
@given(acts=acts)
def test_what_is_open_and_what_is_closed_are_always_the_whole(
    acts: Sequence[tuple[str, int, str, int, int]],
) -> None:
    """However the clock runs, also a bit back as between two machines, and whatever is given back:
    a window holds what was counted in its buckets, of which one row keeps none twice. What is over
    by the latest clock that wrote may be dropped already; who only looks drops nothing."""
    row, now, counted = Row(), START, list[tuple[datetime, str, Record]]()
    latest = written = START
    for act, step, action, cents, which in acts:
        now = max(now + timedelta(seconds=step), latest - timedelta(seconds=100))
        latest = max(now, latest)
        own = moved(cents)
        if act == "give back":
            if counted:
                at, kind, gone = counted.pop(which % len(counted))
                tally = row.locked()
                tally.take(gone, action=kind, at=at, spans=ASKED)
                row.write(tally, now)
                written = max(written, now)
            continue
        tally = row.locked(now)
        if act in ("count", "try"):
            tally.add(own, action=action, at=now, spans=ASKED)
        if act == "try":
            tally.take(own, action=action, at=now, spans=ASKED)
        if act == "count":
            counted.append((now, action, own))
        for span, kind in product(ASKED, ("set_price", "refund")):
            found = Sum.read(tally.within(span, now).get(kind, Sum().record()))
            own_clock, dropped = (
                Sum.read(*(sum_ for at, of, sum_ in counted
                           if of == kind and SPANS[span].number(at) >= SPANS[span].oldest(since)))
                for since in (now, max(now, written))
            )  # fmt: skip
            assert seen(found) in (seen(own_clock), seen(dropped))
        if act == "count":
            row.write(tally, now)
            written = max(written, now)
        assert not {f"{span}:{one['number']}" for span, one in row.running.items()} & set(row.sums)


@pytest.mark.parametrize("span", SPANS)
def test_what_a_window_holds_is_the_same_as_long_as_a_bucket_is_open(span: str) -> None:
    """Else the sum kept with the open bucket would hold a bucket that is over."""
    bucket = SPANS[span].bucket
    begins = max(START.timestamp() // bucket * bucket, SPANS[span].seconds)
    ends = min(begins + bucket - 1, datetime.max.timestamp() - 86400)
    first, last = (datetime.fromtimestamp(at, UTC) for at in (begins, ends))
    assert SPANS[span].oldest(first) == SPANS[span].oldest(last)
