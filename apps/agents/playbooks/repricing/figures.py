"""Percentages of prices. Pure."""

from decimal import Decimal

TENTH = Decimal("0.1")


def exact_change(before: Decimal, after: Decimal) -> Decimal:
    """The change in percent of `before`, as it is compared with limits; negative is down."""
    return (after - before) * 100 / before


def change_percent(before: Decimal, after: Decimal) -> Decimal:
    """The change to one place, as it is told."""
    return exact_change(before, after).quantize(TENTH)


def margin_percent(price: Decimal, cost: Decimal) -> Decimal:
    """(price - cost) / price in percent, to one place."""
    return ((price - cost) * 100 / price).quantize(TENTH)
