"""How much to give back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.playbooks.refund_desk.articles import named
from apps.agents.playbooks.refund_desk.decision import Cap, Refund, late, refund_amount
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.records import Order, OrderLine, Payment
from tests.factories import agents as make


def amount(
    intent: Intent, order: Order, *skus: str, settings: dict[str, Any] | None = None, **more: Any
) -> str:
    """The refund for the lines with these SKUs."""
    refund = refund_amount(
        order=order,
        intent=intent,
        lines=[line for line in order.lines if line.sku in skus],
        settings=Settings(**(settings or {})),
        now=make.NOW,
        **more,
    )
    assert refund.reason
    return str(refund.amount)


@pytest.mark.parametrize(
    ("intent", "skus", "expected"),
    [
        (Intent.DAMAGED, ("MUG",), "20.00"),
        (Intent.DAMAGED, ("LAMP",), "40.00"),  # one piece of two
        (Intent.DAMAGED, ("MUG", "LAMP"), "60.00"),
        (Intent.DAMAGED, (), "0.00"),
        (Intent.MONEY_BACK, ("LAMP",), "80.00"),  # all pieces
        (Intent.WRONG_ITEM, ("MUG",), "0.00"),  # goes back first
        (Intent.LATE, ("MUG",), "0.00"),  # it has been delivered
        (Intent.WHERE, ("MUG",), "0.00"),
        (Intent.THANKS, ("MUG",), "0.00"),
        (Intent.SUSPICIOUS, ("MUG",), "0.00"),
    ],
)
def test_what_a_message_entitles_to(intent: Intent, skus: tuple[str, ...], expected: str) -> None:
    """By the reason to write and the articles it is about."""
    assert amount(intent, make.order(), *skus) == expected


@pytest.mark.parametrize(
    ("total", "days", "status", "expected"),
    [
        ("100.00", 5, "shipped", "10.00"),
        ("33.33", 5, "shipped", "3.33"),
        ("900.00", 5, "shipped", "15.00"),  # at most
        ("100.00", 2, "shipped", "0.00"),  # not late yet
        ("100.00", 5, "delivered", "0.00"),
        ("100.00", 5, "not_fulfilled", "10.00"),
    ],
)
def test_goodwill_for_a_late_order(total: str, days: int, status: str, expected: str) -> None:
    """A share of the total, capped."""
    order = make.order(
        total=Decimal(total),
        placed_at=make.NOW - timedelta(days=days),
        fulfillment_status=status,
        payments=[make.payment(total)],
    )
    assert amount(Intent.LATE, order) == expected


@pytest.mark.parametrize(("days", "expected"), [(30, "80.00"), (31, "0.00")])
def test_returns_end_after_a_month(days: int, expected: str) -> None:
    """On the last day they still count."""
    order = make.order(placed_at=make.NOW - timedelta(days=days))
    assert amount(Intent.MONEY_BACK, order, "LAMP") == expected


@pytest.mark.parametrize(
    ("captured", "refunded", "expected"),
    [("100.00", "95.00", "5.00"), ("100.00", "100.00", "0.00"), ("0.00", "0.00", "0.00"),
     ("100.00", "79.99", "20.00")],
)  # fmt: skip
def test_never_more_than_is_left(captured: str, refunded: str, expected: str) -> None:
    """Of what the customer paid."""
    order = make.order(payments=[make.payment(captured, refunded)])
    assert amount(Intent.DAMAGED, order, "MUG") == expected


def test_without_a_payment_nothing() -> None:
    """An unpaid order."""
    assert amount(Intent.DAMAGED, make.order(payments=[]), "MUG") == "0.00"


@pytest.mark.parametrize(
    ("ratio", "expected"), [("0.5", "10.00"), ("0.333", "6.66"), ("9", "20.00")]
)
def test_a_corrected_ratio_is_used_and_capped(ratio: str, expected: str) -> None:
    """As a reviewer changed a similar case; never more than was paid for the article."""
    assert amount(Intent.DAMAGED, make.order(), "MUG", ratio=Decimal(ratio)) == expected


def test_the_numbers_are_the_operators() -> None:
    """Another share of the price."""
    assert amount(Intent.DAMAGED, make.order(), "MUG", settings={"damaged_percent": 30}) == "6.00"


@pytest.mark.parametrize(
    ("text", "skus"),
    [
        ("the Alder Mug is broken", ["MUG"]),
        ("the ALDER MUG and the corrie lamp", ["MUG", "LAMP"]),
        ("SKU LAMP please", ["LAMP"]),
        ("something is broken", []),
    ],
)
def test_the_articles_a_text_speaks_of(text: str, skus: list[str]) -> None:
    """Named by title or SKU; with several in the order, one has to be named."""
    assert [line.sku for line in named(make.order(), text).lines] == skus


def test_a_single_article_needs_no_name() -> None:
    """It can only be that one."""
    order = make.order(lines=make.order().lines[:1])
    assert [line.sku for line in named(order, "it is broken").lines] == ["MUG"]


def two(*amounts: tuple[str, str], currency: str = "EUR") -> list[Payment]:
    """Payments of these (captured, refunded) amounts: p0, p1."""
    return [
        Payment(payment_id=f"p{place}", currency=currency, captured=Decimal(captured),
                refunded=Decimal(refunded))
        for place, (captured, refunded) in enumerate(amounts)
    ]  # fmt: skip


def decide(order: Order, intent: Intent = Intent.DAMAGED, **more: Any) -> Refund:
    """The refund for all lines of the order."""
    values = {"lines": order.lines, "settings": Settings(), "now": make.NOW}
    return refund_amount(order=order, intent=intent, **(values | more))


@pytest.mark.parametrize(
    ("payments", "shares"),
    [
        ([("100.00", "0")], [("p0", "60.00")]),
        ([("30.00", "0"), ("70.00", "0")], [("p1", "60.00")]),
        ([("50.00", "0"), ("50.00", "0")], [("p0", "50.00"), ("p1", "10.00")]),
        ([("20.00", "0"), ("20.00", "0"), ("60.00", "30.00")],
         [("p2", "30.00"), ("p0", "20.00"), ("p1", "10.00")]),
        ([("90.00", "95.00"), ("10.00", "0")], [("p1", "10.00")]),
    ],
)  # fmt: skip
def test_a_refund_goes_over_all_payments(
    payments: list[tuple[str, str]], shares: list[tuple[str, str]]
) -> None:
    """Most left first, each within what is left of it; together the whole amount."""
    found = decide(make.order(payments=two(*payments)))
    assert [(one.payment_id, str(one.amount)) for one in found.shares] == shares
    assert found.amount == sum(one.amount for one in found.shares)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"payments": two(("100.00", "70.00"))}, "Capped at the 30.00"),
        ({"payments": two(("100.00", "5.00"))}, "nothing says what for"),
        ({"payments": two(("80.00", "0"))}, "100.00 EUR were charged, 80.00 were paid"),
        ({"payments": two(("100.00", "0"))}, ""),
    ],
)
def test_when_a_person_has_to_decide(order: dict[str, Any], words: str) -> None:
    """Where less is left than is due, money moved before, or the sums do not add up."""
    found = decide(make.order(**order))
    assert words in found.doubt
    assert bool(words) == bool(found.doubt)


def test_a_currency_there_is_none_is_for_a_person() -> None:
    """Nobody knows its decimals."""
    found = decide(make.order(currency="XXX"))
    assert (found.amount, found.shares) == (0, ())
    assert "XXX" in found.doubt


def test_pieces_as_the_message_counts_them() -> None:
    """Both lamps are 80, one of them is 40."""
    order = make.order(payments=two(("100.00", "0")))
    lamps = [order.lines[1]]
    for pieces, expected in ((None, "40.00"), ("1", "40.00"), ("2", "80.00")):
        counts = {"l2": Decimal(pieces)} if pieces else {}
        assert str(decide(order, lines=lamps, pieces=counts).amount) == expected


def test_what_is_weighed_is_damaged_whole() -> None:
    """A kilogram and a half is one thing, less than a kilogram too."""
    for weight in ("1.5", "0.75"):
        coffee = OrderLine(line_id="c", sku="C", title="Coffee", quantity=Decimal(weight),
                           unit_price=Decimal(20))  # fmt: skip
        total = Decimal(weight) * 20
        order = make.order(lines=[coffee], total=total, payments=two((str(total), "0")))
        assert decide(order).amount == total


def test_the_reckoning_is_shown() -> None:
    """Price, what was paid, what of it counts."""
    order = make.order(total=Decimal("50.00"), payments=two(("50.00", "0")))
    found = decide(order)
    assert found.steps == (
        "Alder Mug / Blue: 1 x 20 = 20.00 at list price; paid 10.00, its share of 50.00 for all "
        "goods.",
        "Corrie Lamp / Red: 2 x 40 = 80.00 at list price; paid 40.00, its share of 50.00 for all "
        "goods; 20.00 of it counts here.",
    )


@pytest.mark.parametrize(
    ("currency", "total", "cap", "expected"),
    [
        ("EUR", "900.00", None, "15.00"),
        ("JPY", "9800", "2673.9", "980"),
        ("JPY", "98000", "2673.9", "2673"),  # a cap never grows by being rounded
        ("KWD", "300.000", "4.9876", "4.987"),
        ("HUF", "40000", None, "0.00"),
        ("GBP", "900", None, "0.00"),
    ],
)
def test_the_most_goodwill_in_another_currency(
    currency: str, total: str, cap: str | None, expected: str
) -> None:
    """By the rate that is passed in; without one nothing, and a person decides."""
    order = make.order(
        currency=currency, total=Decimal(total), placed_at=make.NOW - timedelta(days=5),
        fulfillment_status="shipped",
    )  # fmt: skip
    most = Cap(amount=Decimal(cap), currency=currency, source="ECB") if cap else None
    found = late(order, Settings(), now=make.NOW, cap=most)
    assert str(found.amount) == expected
    assert bool(found.doubt) == (expected == "0.00")
    wrong = Cap(amount=Decimal(15), currency="CHF")
    if currency not in ("EUR", "CHF"):
        assert late(order, Settings(), now=make.NOW, cap=wrong).amount == 0
