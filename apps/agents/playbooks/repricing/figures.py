"""Percentages of prices. Pure."""

from decimal import Decimal


def change_percent(before: Decimal, after: Decimal) -> Decimal:
    """The change in percent of `before`, to one place; negative is down."""
    return ((after - before) * 100 / before).quantize(Decimal("0.1"))


def margin_percent(price: Decimal, cost: Decimal) -> Decimal:
    """(price - cost) / price in percent, to one place."""
    return ((price - cost) * 100 / price).quantize(Decimal("0.1"))
