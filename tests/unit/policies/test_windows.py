"""Windows add up partial sums, and never less than what happened."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.facts import Facts, describe
from apps.policies.windows import SPANS, Money, Sum, Tally, key_of, own_sum

START = datetime(2026, 11, 21, 9, 0, 17, tzinfo=UTC)
BASE = {"connector": "null", "risk": "medium", "reversibility": "reversible"}


def moved(cents: int) -> Sum:
    """A price that goes up or down by so many cents."""
    step = Decimal(cents) / 100
    return Sum(1, 1, {"EUR": Money(abs(step), step, abs(step))})


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
    found = kept.within(span, now).get("set_price", Sum())
    assert found == tally.within(span, now).get("set_price", Sum())
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
    left, alone = whole.within("30d", now), rest.within("30d", now)
    for action in {*left, *alone}:
        one, other = left.get(action, Sum()), alone.get(action, Sum())
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
    assert own_sum(describe(action="a", **fields, **BASE)) == counted


def test_changes_without_a_customer_are_counted_as_one() -> None:
    """Not knowing whose it is opens no window of its own."""

    def of(**scopes: str) -> Facts:
        return Facts(action="a", scopes=scopes, **BASE)  # type: ignore[arg-type]

    assert key_of(of(), "customer") == key_of(of(customer=""), "customer")
    assert key_of(of(customer="ann"), "customer") != key_of(of(), "customer")
    assert key_of(of(), "workspace") == key_of(of(customer="ann"), "workspace")
