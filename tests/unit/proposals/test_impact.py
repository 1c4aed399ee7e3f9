"""Money adds up, so that splitting a proposal changes nothing."""

from decimal import Decimal

from apps.proposals.impact import Impact, add_up, given_away, largest


def impact(action, amount, currency="EUR"):
    return Impact(action=action, amount=None if amount is None else Decimal(amount),
                 currency=currency, gives_money=action == "refund")  # fmt: skip


def test_refunds_add_up_by_currency_and_prices_do_not():
    """Two refunds of 20 are 40; two prices of 20 are two prices."""
    added = add_up([impact("refund", 20), impact("price", 20), impact("refund", 20),
                    impact("refund", 5, "USD"), impact("price", 20)])  # fmt: skip
    assert [(s.action, s.amount, s.currency) for s in added] == [
        ("refund", 40, "EUR"), ("refund", 5, "USD"), ("price", 20, "EUR"), ("price", 20, "EUR"),
    ]  # fmt: skip


def test_amount_and_currency_belong_together():
    """The largest sum is shown with its own currency."""
    shown = largest([impact("refund", 50), impact("refund", 60, "USD")])
    assert shown is not None
    assert (shown.amount, shown.currency) == (60, "USD")
    assert largest([impact("price", None)]) is None


def test_what_is_given_away_in_a_currency():
    """Only money that leaves counts."""
    impacts = [
        impact("refund", 5),
        impact("price", 90),
        impact("refund", 7),
        impact("refund", 1, "USD"),
    ]
    assert given_away(impacts, "EUR") == 12
