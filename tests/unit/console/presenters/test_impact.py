"""What is at stake, in words a merchant uses."""

from decimal import Decimal

import pytest

from apps.console.presenters.impact import impacts
from apps.console.presenters.proposals import card
from apps.proposals.models import Proposal
from tests.factories.views import letter, price, refund


def labelled(*views, **fields):
    given = {"amount": None, "currency": "EUR", "agent": "Desk", "cost": Decimal(0)} | fields
    proposal = Proposal(**given)
    return {one.label: one for one in impacts(proposal, views, [card(one) for one in views])}


def test_a_refund_says_what_leaves_and_for_whom():
    """The sum, its part of the order, one customer however often they appear."""
    found = labelled(refund(), letter("Ada@example.com"), amount=Decimal(20))
    assert found["Money that leaves"].value == "€20.00"
    assert found["Money that leaves"].note == "25\u00a0% of an order of €80.00"
    assert (found["Touches"].value, found["Touches"].note) == ("1 customer", "ada@example.com")
    assert (found["Afterwards"].value, found["Afterwards"].tone) == ("Cannot be undone", "bad")


@pytest.mark.parametrize(
    ("old", "new", "value", "margin"),
    [
        ("20", "25", "+€5.00", "50.0 % → 60.0 %"),
        ("20", "10", "−€10.00", "50.0 % → 0.0 %"),
        ("20", "8", "−€12.00", "50.0 % → −25.0 %"),
    ],
)
def test_a_price_says_what_each_piece_earns(old, new, value, margin):
    """The step, and the margin before and after."""
    found = labelled(price(old, new, cost="10", cost_currency="EUR"), amount=Decimal(new))
    assert found["Each piece sold"].value == value
    assert found["Margin"].value.replace("\u00a0", " ") == margin
    assert found["Touches"].value == "Everyone who buys it"


def test_what_nobody_knows_is_left_out():
    """No cost, or one in another currency: no margin. A new price moves nothing yet."""
    assert "Margin" not in labelled(price("20", "25"))
    assert "Margin" not in labelled(price("20", "25", cost="10", cost_currency="USD"))
    assert "Each piece sold" not in labelled(price(None, "25"), amount=Decimal(25))


def test_a_letter_moves_no_money():
    """And says so, instead of a blank."""
    assert labelled(letter())["Money"].value == "None moves"


def test_the_cost_of_proposing():
    """What the model was paid, rules alone, and nothing for a person's own proposal."""
    assert labelled(letter(), cost=Decimal("0.00213"))["Cost to propose"].value == "$0.0021"
    assert labelled(letter())["Cost to propose"].note == "by rules alone"
    assert "Cost to propose" not in labelled(letter(), agent="")
