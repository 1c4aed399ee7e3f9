"""How much to give back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.playbooks.refund_desk.classify import Intent
from apps.agents.playbooks.refund_desk.decision import mentioned, refund_amount
from apps.agents.playbooks.refund_desk.knobs import Knobs
from apps.gateway.records import Order
from tests.factories import agents as make


def amount(
    intent: Intent, order: Order, *skus: str, knobs: dict[str, Any] | None = None, **more: Any
) -> str:
    """The refund for the lines with these SKUs."""
    refund = refund_amount(
        order=order,
        intent=intent,
        lines=[line for line in order.lines if line.sku in skus],
        knobs=Knobs(**(knobs or {})),
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
    assert amount(Intent.DAMAGED, make.order(), "MUG", knobs={"damaged_percent": 30}) == "6.00"


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
    assert [line.sku for line in mentioned(make.order(), text)] == skus


def test_a_single_article_needs_no_name() -> None:
    """It can only be that one."""
    order = make.order(lines=make.order().lines[:1])
    assert [line.sku for line in mentioned(order, "it is broken")] == ["MUG"]
