"""The vocabulary of rules is computed from the action and the shop's answer."""

import pytest

from apps.policies.facts import facts_of

BASE = {"connector": "medusa", "risk": "medium", "reversibility": "reversible"}


def facts(before, after, amount="20.00"):
    return facts_of(action="set_price", params={"amount": amount, "currency": "EUR"},
                    before=before, after=after, **BASE)  # fmt: skip


def test_change_and_margin_of_a_price():
    """Percentages come from the snapshot, in the change's currency."""
    seen = facts(
        {"prices": {"EUR": "25.00", "USD": "9"}, "cost": "15.00", "cost_currency": "EUR"},
        {"prices": {"EUR": "20.00"}},
    )
    assert (seen.change_percent, seen.margin_percent) == (-20.0, 25.0)
    assert seen.has_change
    assert seen.has_margin


@pytest.mark.parametrize("costs", [{"cost": "15.00"}, {"cost": "15.00", "cost_currency": "USD"},
                                   {"cost": None, "cost_currency": "EUR"}])  # fmt: skip
def test_a_cost_in_another_currency_gives_no_margin(costs):
    """A margin is known only when price and cost are in the same currency."""
    seen = facts({"prices": {"EUR": "25.00"}} | costs, {"prices": {"EUR": "20.00"}})
    assert (seen.margin_percent, seen.has_margin, seen.has_change) == (0.0, False, True)


@pytest.mark.parametrize(("context", "total"), [({}, 4.0), ({"total_amount": 12.0}, 12.0)])
def test_the_total_is_that_of_the_proposal(context, total):
    """A change alone is its own total."""
    seen = facts_of(action="refund_payment", params={"amount": "4.00", "currency": "EUR"},
                    before={}, after={}, **BASE, **context)  # fmt: skip
    assert (seen.amount, seen.total_amount) == (4.0, total)


@pytest.mark.parametrize("before", [{}, {"prices": {}}, {"prices": {"EUR": "0.00"}},
                                    {"prices": {"EUR": "many"}}])  # fmt: skip
def test_what_is_not_known_says_so(before):
    """A missing or zero price gives no percentage, and has_change is false."""
    seen = facts(before, {"prices": {"EUR": "20.00"}})
    assert (seen.change_percent, seen.has_change) == (0.0, False)


def test_the_shop_tells_what_a_cancellation_gives_back():
    """An action without an amount of its own takes it from the predicted state."""
    seen = facts_of(action="cancel_order", params={"order_id": "o"}, before={"refunded": "5.00"},
                    after={"refunded": "50.00", "currency": "EUR"}, **BASE)  # fmt: skip
    assert (seen.amount, seen.currency) == (45.0, "EUR")


def test_goods_that_come_back_are_worth_their_price():
    """A return moves no money yet, but a limit on amounts holds for what the shop will owe."""
    seen = facts_of(
        action="return_items",
        params={"order_id": "o", "items": [{"line_id": "l", "quantity": 2}]},
        before={"returned_total": "10.00", "currency": "EUR"},
        after={"returned_total": "60.00", "currency": "EUR"},
        **BASE,
    )
    assert (seen.has_amount, seen.amount, seen.currency) == (True, 50.0, "EUR")
