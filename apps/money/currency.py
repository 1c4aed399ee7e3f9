"""How many decimals a currency has (ISO 4217), and amounts that keep to it. Pure.

Nothing here rounds unless it is told how: an amount the currency does not have is refused.
"""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import lru_cache

import iso4217

MOST_DIGITS = 12  # of an amount in all, as the schemas and tables have it
HIGHEST = Decimal(10) ** MOST_DIGITS


class UnknownCurrency(ValueError):
    """No currency of ISO 4217 that money is counted in has this code."""

    def __init__(self, code: object) -> None:
        super().__init__(f"“{str(code)[:20]}” is no currency code of ISO 4217, such as EUR.")


class UnfitAmount(ValueError):
    """The currency has no such amount; the text says which ones it has nearby."""


@lru_cache(maxsize=512)
def minor_units(code: str) -> int:
    """Decimals of the currency: 0 for JPY, 2 for EUR, 3 for KWD. Raises `UnknownCurrency`.

    From the standard, not from CLDR, which gives the dinar of Iraq no decimals since shops round.
    """
    if not (isinstance(code, str) and len(code) == 3 and code.isascii() and code.isupper()):
        raise UnknownCurrency(code)
    try:
        digits = iso4217.Currency(code).exponent
    except ValueError:
        raise UnknownCurrency(code) from None
    if digits is None:  # gold, test codes
        raise UnknownCurrency(code)
    return int(digits)


@lru_cache(maxsize=1)
def codes() -> tuple[str, ...]:
    """The codes of all currencies money is counted in, in alphabetical order."""
    return tuple(
        sorted(currency.code for currency in iso4217.Currency if is_currency(currency.code))
    )


def is_currency(code: object) -> bool:
    """Whether it is the code of a currency money is counted in, in upper case."""
    try:
        minor_units(code)
    except UnknownCurrency:
        return False
    return True


def step(code: str) -> Decimal:
    """The smallest amount: 1 for JPY, 0.01 for EUR. Raises `UnknownCurrency`."""
    return Decimal(1).scaleb(-minor_units(code))


def fit(amount: Decimal, code: str) -> Decimal:
    """The amount with exactly the currency's decimals, its value unchanged.

    Raises `UnfitAmount` for what the currency does not have, `UnknownCurrency`.
    """
    least = step(code)
    if not amount.is_finite() or abs(amount) >= HIGHEST:
        raise UnfitAmount(f"{str(amount)[:40]} is no amount of money.")
    lower = amount.quantize(least, ROUND_FLOOR)
    if lower != amount:
        upper = amount.quantize(least, ROUND_CEILING)
        raise UnfitAmount(
            f"{code} has {decimals(code)}, so {amount.normalize():f} is not an amount of it; "
            f"{lower} or {upper} would be."
        )
    return lower


def fits(amount: Decimal, code: str) -> bool:
    """Whether the currency has this amount. Raises `UnknownCurrency`."""
    try:
        fit(amount, code)
    except UnfitAmount:
        return False
    return True


def round_to(amount: Decimal, code: str, rounding: str = ROUND_HALF_UP) -> Decimal:
    """A computed amount (a share, a conversion) as the nearest one of the currency.

    `rounding` is one of `decimal`'s. Raises `UnknownCurrency`, `UnfitAmount` for what is no number.
    """
    if not amount.is_finite() or abs(amount) >= HIGHEST:
        raise UnfitAmount(f"{str(amount)[:40]} is no amount of money.")
    return amount.quantize(step(code), rounding)


def text(amount: Decimal, code: str) -> str:
    """The canonical text of an amount: `1.255`, `1000`, `25.50`. Raises what `fit` raises."""
    fitted = fit(amount, code)
    return f"{fitted or abs(fitted):f}"  # no minus before nothing


def written(amount: Decimal, code: str) -> str:
    """What is on record, as plain text: as `text` has it, else with all the digits it has.

    For what others have said, which may be in no known currency or in parts it does not have.
    """
    try:
        return text(amount, code)
    except (UnknownCurrency, UnfitAmount):
        return f"{amount.normalize():f}" if amount.is_finite() else str(amount)


def decimals(code: str) -> str:
    """How many decimals the currency has, in words."""
    digits = minor_units(code)
    return {0: "no decimals", 1: "1 decimal"}.get(digits, f"{digits} decimals")


def allocate(total: Decimal, weights: list[Decimal], code: str) -> list[Decimal]:
    """The total shared out by weight in whole minor units; the shares add up to it exactly.

    By largest remainder, the earlier first where equal. Without any weight all shares are 0
    unless there is just one. Raises `UnfitAmount`, `ValueError` for a negative weight.
    """
    whole = fit(total, code)
    if any(weight < 0 for weight in weights):
        raise ValueError("A share cannot weigh less than nothing.")
    if len(weights) == 1:
        return [whole]
    least, heavy = step(code), sum(weights, Decimal())
    if not heavy:
        return [least * 0 for _ in weights]
    exact = [whole * weight / heavy for weight in weights]
    shares = [part.quantize(least, ROUND_DOWN) for part in exact]
    left = int((whole - sum(shares, Decimal())) / least)
    unit = least if left >= 0 else -least
    order = sorted(range(len(exact)), key=lambda i: (-abs(exact[i] - shares[i]), i))
    for place in order[: abs(left)]:
        shares[place] += unit
    return shares
