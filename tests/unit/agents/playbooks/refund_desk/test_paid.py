"""What was really paid for each line."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.refund_desk.paid import left_of, paid_for, refunded
from apps.gateway.records import Order, OrderLine, Payment
from apps.money.currency import fit
from tests.factories import agents as make


def line(place: int, price: str, quantity: str = "1", **more: Any) -> OrderLine:
    """A line by its place."""
    return OrderLine(line_id=f"l{place}", sku=f"S-{place}", title=f"Thing {place}",
                     quantity=Decimal(quantity), unit_price=Decimal(price), **more)  # fmt: skip


def order(*lines: OrderLine, total: str, currency: str = "EUR", **more: Any) -> Order:
    """An order paid at once."""
    payments = [Payment(payment_id="pay_1", currency=currency, captured=Decimal(total),
                        refunded=Decimal(0))]  # fmt: skip
    values = {"lines": list(lines), "total": Decimal(total), "currency": currency,
              "payments": payments}  # fmt: skip
    return make.order(**(values | more))


def shares(found: Order) -> list[str]:
    """What was paid for the lines, in order."""
    return [str(amount) for amount in paid_for(found).lines.values()]


def test_a_discount_is_shared_out() -> None:
    """By the prices where the shop tells nothing more, to the last cent."""
    third = order(line(0, "10"), line(1, "10"), line(2, "10"), total="20.00")
    assert shares(third) == ["6.67", "6.67", "6.66"]


def test_a_tax_on_top_is_paid_too() -> None:
    """The price list is without it."""
    assert shares(order(line(0, "100"), total="119.00")) == ["119.00"]


def test_what_the_shop_charged_comes_before_its_prices() -> None:
    """Line totals are the weights, shipping is no goods."""
    told = order(line(0, "40", paid=Decimal("23.8")), line(1, "60", paid=Decimal("53.55")),
                 total="83.30", shipping=Decimal("5.95"))  # fmt: skip
    assert shares(told) == ["23.80", "53.55"]
    assert paid_for(told).listed == {"l0": Decimal("40.00"), "l1": Decimal("60.00")}


def test_totals_of_some_lines_are_no_totals() -> None:
    """Where one is missing, prices count for all."""
    assert shares(order(line(0, "40", paid=Decimal(1)), line(1, "60"), total="50.00")) == [
        "20.00", "30.00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "total", "expected"),
    [("JPY", "100", ["34", "33", "33"]), ("KWD", "1.000", ["0.334", "0.333", "0.333"])],
)
def test_in_the_currencys_own_units(currency: str, total: str, expected: list[str]) -> None:
    """Whole yen, thousandths of a dinar."""
    thirds = order(line(0, "1"), line(1, "1"), line(2, "1"), total=total, currency=currency)
    assert shares(thirds) == expected


def test_pieces_of_a_line() -> None:
    """A part of the line; the whole of it for as many as there are, or more."""
    three = order(line(0, "4", "3"), total="10.00")
    paid, [one] = paid_for(three), three.lines
    found = [str(paid.of(one, Decimal(pieces), "EUR")) for pieces in (1, 2, 3, 4)]
    assert found == ["3.33", "6.67", "10.00", "10.00"]


def test_pieces_that_came_back_were_not_paid_for() -> None:
    """What is left counts."""
    half = order(line(0, "10", "2", returned=Decimal(1), paid=Decimal(10)), line(1, "30"),
                 total="40.00")  # fmt: skip
    assert shares(half) == ["10.00", "30.00"]
    assert paid_for(half).of(half.lines[0], Decimal(1), "EUR") == Decimal("10.00")


@pytest.mark.parametrize(
    ("total", "captured", "words"),
    [
        ("100.00", "60.00", "100.00 EUR were charged, 60.00 were paid"),
        ("60.00", "100.00", "60.00 EUR were charged, 100.00 were paid"),
        ("60.00", "60.00", ""),
        ("60.004", "60.00", ""),
    ],
)
def test_what_does_not_add_up_is_said(total: str, captured: str, words: str) -> None:
    """And the smaller sum counts."""
    found = order(line(0, "60"), total=total, payments=[make.payment(captured)])
    paid = paid_for(found)
    assert words in paid.doubt
    assert bool(words) == bool(paid.doubt)
    assert shares(found) == ["60.00"]


def test_a_payment_in_another_currency_is_in_doubt() -> None:
    """It is not counted."""
    foreign = Payment(payment_id="p2", currency="USD", captured=Decimal(40), refunded=Decimal(0))
    found = order(line(0, "60"), total="100.00", payments=[make.payment("60.00"), foreign])
    assert "another currency" in paid_for(found).doubt
    assert shares(found) == ["60.00"]


def test_what_is_left_of_a_payment() -> None:
    """In whole units, and never below nothing."""
    odd = Payment(payment_id="p", currency="JPY", captured=Decimal("7735.33"), refunded=Decimal(0))
    assert str(left_of(odd)) == "7735"
    assert left_of(make.payment("5.00", "7.00")) == 0
    assert refunded(make.order(payments=[make.payment("5.00", "2.00")])) == 2


@given(
    prices=st.lists(st.decimals(0, 9999, places=2), min_size=1, max_size=8),
    total=st.decimals(0, 99999, places=3),
    code=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_the_shares_are_the_whole(prices: list[Decimal], total: Decimal, code: str) -> None:
    """Whatever was paid: together exactly that, none below nothing, all of whole units."""
    paid = total.quantize(Decimal(1) if code == "JPY" else Decimal("0.01"))
    found = order(*(line(n, str(price)) for n, price in enumerate(prices)), total=str(paid),
                  currency=code)  # fmt: skip
    parts = list(paid_for(found).lines.values())
    assert all(part >= 0 and fit(part, code) == part for part in parts)
    assert sum(parts) == (paid if any(prices) or len(prices) == 1 else 0)
