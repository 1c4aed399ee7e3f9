"""What was sold lately, counted from the newest orders."""

from datetime import timedelta
from decimal import Decimal

from apps.agents.playbooks.repricing.sales import NEWEST, SPAN, count
from apps.gateway.records import Order, OrderLine
from tests.factories import agents as make


def order(days: float, *lines: tuple[str, int], status: str = "pending") -> Order:
    """An order so many days ago over pieces of these SKUs."""
    return make.order(
        placed_at=make.NOW - timedelta(days=days),
        status=status,
        lines=[
            OrderLine(line_id=f"l{n}", sku=sku, title=sku, quantity=pieces, unit_price=Decimal(1))
            for n, (sku, pieces) in enumerate(lines)
        ],
    )


def test_pieces_and_orders_are_counted_by_day() -> None:
    """Two lines of the same SKU are one order."""
    sold = count([order(1, ("MUG", 2), ("MUG", 1), ("LAMP", 1)), order(3, ("MUG", 4))],
                 now=make.NOW)  # fmt: skip
    mug = sold.sales("MUG")
    assert (mug.pieces, mug.orders) == (7, 2)
    assert list(mug.by_day.values()) == [4, 3]
    assert list(mug.by_day) == sorted(mug.by_day)
    assert sold.sales("LAMP").pieces == 1


def test_what_was_cancelled_or_is_long_ago_does_not_count() -> None:
    """Only the last 30 days do."""
    old = SPAN / timedelta(days=1) + 1
    sold = count([order(1, ("MUG", 2), status="canceled"), order(old, ("MUG", 3))], now=make.NOW)
    assert sold.sales("MUG").pieces == 0
    assert sold.since == (make.NOW - SPAN).date()


def test_a_busy_shop_is_counted_from_its_oldest_order_read() -> None:
    """Older ones were not read, so nothing is said of their days."""
    sold = count([order(n / NEWEST, ("MUG", 1)) for n in range(NEWEST)], now=make.NOW)
    assert sold.since == make.NOW.date() - timedelta(days=1)
    assert sold.sales("MUG").pieces == NEWEST
    assert sold.sales("NONE").since == sold.since
