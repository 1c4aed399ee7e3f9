"""How prices look in a currency: .49 and .99 where there are cents, whole units elsewhere. Pure.

- Two decimals, and coins smaller than the unit (EUR, USD, GBP): the nearest .49 or .99.
- Two decimals on paper, but no such coins (HUF, IDR, CZK, SEK; CLDR's digits of cash): whole units.
- No decimals (JPY, KRW, VND), three or four (KWD, BHD, CLF): what the rules lead to, in the
  currency's own digits; we know no habit there that would be worth moving a price for.

Cheap articles keep their digits everywhere: half a unit is too much of a step.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from babel.core import get_global

from apps.money.currency import minor_units, round_to

CHARMING = (Decimal("0.49"), Decimal("0.99"))
PLAIN_BELOW = Decimal(5)


def rounded(price: Decimal, floor: Decimal | None, currency: str) -> Decimal:
    """The nearest usual price that is not below the floor; ties go down.

    Raises `UnknownCurrency`, `UnfitAmount`.
    """
    exact = round_to(price, currency)
    if floor is not None and exact < floor:
        exact = floor
    usual = [] if exact < PLAIN_BELOW else usual_near(exact, currency)
    allowed = [charm for charm in usual if floor is None or charm >= floor]
    return min(allowed, key=lambda pair: (abs(pair - exact), pair)) if allowed else exact


def usual_near(exact: Decimal, currency: str) -> list[Decimal]:
    """The usual prices around one; none where any price is."""
    if minor_units(currency) != 2:
        return []
    whole = exact.to_integral_value(ROUND_FLOOR)
    if has_small_coins(currency):
        return [whole + step + ending for step in (-1, 0, 1) for ending in CHARMING]
    cents = Decimal("0.00")
    return [
        exact.to_integral_value(rounding) + cents
        for rounding in (ROUND_FLOOR, ROUND_HALF_UP, ROUND_CEILING)
    ]


def has_small_coins(currency: str) -> bool:
    """Whether there are coins smaller than the unit, as CLDR knows it."""
    fractions = get_global("currency_fractions")
    _, _, cash_digits, _ = fractions.get(currency, fractions["DEFAULT"])
    return bool(cash_digits)


def habit(currency: str) -> str:
    """The same for a model, in a sentence."""
    if minor_units(currency) == 2 and has_small_coins(currency):
        return "Prices end in .49 or .99."
    if minor_units(currency) in (0, 2):
        return f"Prices in {currency} are whole numbers."
    return f"Prices in {currency} have {minor_units(currency)} decimals."
