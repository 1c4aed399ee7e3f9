"""Money adds up, so that splitting a proposal changes nothing."""

from decimal import Decimal

from apps.proposals.impact import Stake, add_up, given_away, largest


def stake(action, amount, currency="EUR"):
    return Stake(action=action, amount=None if amount is None else Decimal(amount),
                 currency=currency, gives_money=action == "refund")  # fmt: skip


def test_refunds_add_up_by_currency_and_prices_do_not():
    """Two refunds of 20 are 40; two prices of 20 are two prices."""
    added = add_up([stake("refund", 20), stake("price", 20), stake("refund", 20),
                    stake("refund", 5, "USD"), stake("price", 20)])  # fmt: skip
    assert [(s.action, s.amount, s.currency) for s in added] == [
        ("refund", 40, "EUR"), ("refund", 5, "USD"), ("price", 20, "EUR"), ("price", 20, "EUR"),
    ]  # fmt: skip


def test_amount_and_currency_belong_together():
    """The largest sum is shown with its own currency."""
    shown = largest([stake("refund", 50), stake("refund", 60, "USD")])
    assert shown is not None
    assert (shown.amount, shown.currency) == (60, "USD")
    assert largest([stake("price", None)]) is None


def test_what_is_given_away_in_a_currency():
    """Only money that leaves counts."""
    stakes = [stake("refund", 5), stake("price", 90), stake("refund", 7), stake("refund", 1, "USD")]
    assert given_away(stakes, "EUR") == 12
