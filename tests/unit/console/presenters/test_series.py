"""A series in words and as a picture."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from apps.console.presenters.series import card
from apps.policies.models import Standing
from apps.policies.series import Member
from apps.policies.windows import Money, Sum
from apps.proposals.models import Change, Proposal, State
from apps.proposals.reading.series import Series, Step

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def step(
    place: int, amount: str = "", *, standing: Standing = Standing.DONE, price: str = "",
    currency: str = "EUR", by_person: bool = False,
) -> Step:  # fmt: skip
    """A step at `place` minutes past twelve; with a price it moves it up by the amount."""
    moved = Decimal(amount or 0)
    sums = {currency: Money(moved, moved if price else Decimal(0), moved)} if amount else {}
    waits = standing == Standing.WAITING
    proposal = Proposal(pk=UUID(int=place), title=f"Step {place}", currency=currency,
                        state=State.WAITING if waits else State.DONE)  # fmt: skip
    member = Member(subject_id=UUID(int=place), standing=standing, by_person=by_person,
                    at=NOON + timedelta(minutes=place), sum=Sum(1, 1, sums),
                    price=Decimal(price) if price else None, currency=currency)  # fmt: skip
    return Step(proposal=proposal, change=Change(pk=UUID(int=place)), member=member)


def shown(*steps: Step, scope: str = "customer", has_more: bool = False):
    """The card of a series, opened from its last step."""
    made = Series(rule="cap", scope=scope, span="24h", steps=list(steps), has_more=has_more)
    return card(made, steps[-1].proposal)


def test_a_price_goes_from_where_it_was():
    """Its steps are prices, not sums."""
    found = shown(step(1, "1.00", price="41.00"), step(2, "2.50", price="43.50"),
                  step(3, "1", price="44.50", standing=Standing.WAITING), scope="target")  # fmt: skip
    assert found.words == ("3 changes of this in 24 h: 2 let through, 1 waits. "
                           "Moved by €4.50.")  # fmt: skip
    assert found.picture is not None
    assert found.picture.desc == ("Before €40.00; 1 Mar, 12:01 €41.00; 1 Mar, 12:02 €43.50; "
                                  "1 Mar, 12:03 €44.50.")  # fmt: skip
    assert [shape.tone for shape in found.picture.shapes] == ["past", "past", "past", "own"]


def test_amounts_add_up():
    """From nothing."""
    found = shown(step(1, "5"), step(2, "7", standing=Standing.WAITING),
                  step(3, "9", standing=Standing.WAITING))  # fmt: skip
    assert found.words == ("3 changes for this customer in 24 h: 1 let through, 2 wait. "
                           "Together €21.00.")  # fmt: skip
    assert found.picture is not None
    assert found.picture.desc.endswith("12:02 €12.00; 1 Mar, 12:03 €21.00.")
    assert [one.pk for one in found.waiting] == [UUID(int=2), UUID(int=3)]


def test_what_has_no_money_is_counted_and_two_currencies_are_not_added():
    """Letters in a row; amounts that no rate joins are told beside each other."""
    letters = shown(step(1), step(2), step(3, standing=Standing.WAITING))
    assert letters.words.endswith("2 let through, 1 waits.")
    assert letters.picture is not None
    assert letters.picture.desc.endswith("12:02 2; 1 Mar, 12:03 3.")
    mixed = shown(step(1, "5"), step(2, "700", currency="JPY"),
                  step(3, "9", standing=Standing.WAITING))  # fmt: skip
    assert mixed.picture is None
    assert mixed.words.endswith("Together €14.00 and ¥700.")


@pytest.mark.parametrize("has_more", [True, False])
def test_rows_come_newest_first_and_say_who_let_them_pass(has_more):
    """A cut series says that it is longer."""
    found = shown(step(1, "5"), step(2, "5", by_person=True),
                  step(3, "5", standing=Standing.WAITING), has_more=has_more)  # fmt: skip
    assert [(one.proposal.title, one.passed, one.is_own) for one in found.rows] == [
        ("Step 3", "", True), ("Step 2", "by a person", False), ("Step 1", "by policy", False),
    ]  # fmt: skip
    assert found.words.startswith("At least 3 changes" if has_more else "3 changes")
