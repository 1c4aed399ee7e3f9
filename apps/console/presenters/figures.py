"""How many decimals a figure takes so that it does not contradict a verdict. Pure.

5.004 % is above a limit of 5 %: shown as “5.0 %” it would not be.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

MOST_PLACES = 12
DIGITS = 100


def places(value: Decimal, beside: Iterable[Decimal], least: int) -> int:
    """The fewest decimals, at least so many, with which it stands to the others as it does."""
    others = list(beside)
    for count in range(least, MOST_PLACES):
        shown = rounded(value, count)
        if all(side(shown, other) == side(value, other) for other in others):
            return count
    return MOST_PLACES


def rounded(value: Decimal, count: int) -> Decimal:
    """The value with so many decimals, however long it is before the point."""
    with localcontext(prec=DIGITS):
        return value.quantize(Decimal(1).scaleb(-count), ROUND_HALF_EVEN)


def side(value: Decimal, other: Decimal) -> int:
    """Whether it is below (-1), at (0) or above (1) the other."""
    return (value > other) - (value < other)


def nearest_whole(value: Decimal) -> Decimal:
    """The whole number beside a figure: limits mostly are."""
    return value.to_integral_value(ROUND_HALF_EVEN)
