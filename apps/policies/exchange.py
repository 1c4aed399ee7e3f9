"""Amounts in another currency, by the dated rates a workspace keeps. Pure.

No rate is ever guessed. One that is missing, or older than it may be, is an answer of its own
(`NoRate`, in words), and whoever asked leaves the matter to a person.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

from apps.money.currency import minor_units, round_to

MAX_AGE_DAYS = 7  # unless the workspace or the policy says otherwise
OLDEST_RATE = 366  # days, whatever they say
BOUNDS = Decimal("1e-9"), Decimal("1e9")  # of what one unit of a currency costs in another
MOST_DECIMALS = 12  # of a rate, as the table has it
LONGEST_SOURCE = 100  # characters
LEAP = 2  # times as much or as little as before is rather a slip: mostly a rate upside down
SPARE = 12  # decimals a share is worked out to before it is rounded as told


class NoRate(LookupError):
    """There is no rate between two currencies that is recent enough; the text says which."""


class InvalidRate(ValueError):
    """A rate cannot be one; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What one unit of `base` costs in `quote`, on a day, according to a source."""

    base: str
    quote: str
    rate: Decimal
    as_of: date
    source: str

    def __str__(self) -> str:
        """`1 EUR = 178.2 JPY (ECB, 2026-11-20)`."""
        return f"1 {self.base} = {plain(self.rate)} {self.quote} ({self.source}, {self.as_of})"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """How an amount gets from one currency into another: times `factor`, by these rates.

    Two `rates` where there is only one to a currency in between. `as_of` is the day of the older.
    """

    currency: str
    to: str
    factor: Fraction
    rates: tuple[Rate, ...]

    @property
    def as_of(self) -> date:
        """The day of the oldest rate in it."""
        return min(rate.as_of for rate in self.rates)

    def exactly(self, amount: Decimal) -> Fraction:
        """The amount in the other currency, not rounded at all."""
        return Fraction(amount) * self.factor

    def rounded(self, amount: Decimal, rounding: str) -> Decimal:
        """The amount in whole minor units of the other currency, rounded as told."""
        return as_amount(self.exactly(amount), self.to, rounding)

    def __str__(self) -> str:
        """The rates in words."""
        return " and ".join(map(str, self.rates))


class Rates:
    """The rates a workspace keeps: at most one of each pair, each with its day."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._by_pair = {(rate.base, rate.quote): rate for rate in rates}

    def exchange(
        self, currency: str, to: str, *, today: date, max_age_days: int = MAX_AGE_DAYS
    ) -> Exchange:
        """How to get from one currency to the other, by the newest rates there are.

        A rate between the two, in either direction, else two over a currency in between.
        Raises `NoRate`.
        """
        if currency == to:
            return Exchange(currency=currency, to=to, factor=Fraction(1), rates=())
        found = list(self.ways(currency, to))
        if not found:
            raise NoRate(f"There is no rate from {currency or 'an unknown currency'} to {to}.")
        dated = [way for way in found if all(rate.as_of <= today for rate in way.rates)]
        fresh = [way for way in dated if (today - way.as_of).days <= max_age_days]
        if not fresh:
            newest = max(found, key=lambda way: way.as_of)
            days = "1 day" if max_age_days == 1 else f"{max_age_days} days"
            raise NoRate(
                f"There is no rate from {currency} to {to} younger than {days}: {newest} is the "
                "newest."
            )
        return max(fresh, key=lambda way: (-len(way.rates), way.as_of))

    def ways(self, currency: str, to: str) -> Iterator[Exchange]:
        """All ways from one currency to another, over at most one in between, in a fixed order."""
        if leg := self.leg(currency, to):
            yield exchange_by(currency, to, leg)
        known = sorted({code for pair in self._by_pair for code in pair} - {currency, to})
        for between in known:
            first, second = self.leg(currency, between), self.leg(between, to)
            if first and second:
                yield exchange_by(currency, to, first, second)

    def leg(self, currency: str, to: str) -> Rate | None:
        """The newest rate between the two, whichever way round it is kept."""
        kept = [self._by_pair.get((currency, to)), self._by_pair.get((to, currency))]
        return max((rate for rate in kept if rate), key=lambda rate: rate.as_of, default=None)


def exchange_by(currency: str, to: str, *rates: Rate) -> Exchange:
    """The exchange along these rates, turning round those kept the other way."""
    factor, at = Fraction(1), currency
    for rate in rates:
        forward = rate.base == at
        factor = factor * Fraction(rate.rate) if forward else factor / Fraction(rate.rate)
        at = rate.quote if forward else rate.base
    return Exchange(currency=currency, to=to, factor=factor, rates=rates)


def as_amount(value: Fraction, code: str, rounding: str = ROUND_DOWN) -> Decimal:
    """The value in whole minor units of the currency, rounded as told, from its exact value."""
    spare = 10 ** (minor_units(code) + SPARE)
    scaled = value * spare
    whole, rest = divmod(abs(scaled.numerator), scaled.denominator)
    # a remainder too small for the spare decimals must still count against rounding down or up
    digits = Decimal(whole * 10 + (1 if rest else 0)).scaleb(-minor_units(code) - SPARE - 1)
    return round_to(-digits if scaled < 0 else digits, code, rounding)


def check(rate: Rate, *, today: date, kept: Rates) -> None:
    """Refuse what no rate can be, and what is far from the one that is kept.

    Raises `InvalidRate`, and `UnknownCurrency` for a code that is none.
    """
    for code in (rate.base, rate.quote):
        minor_units(code)
    if rate.base == rate.quote:
        raise InvalidRate(f"A rate is between two currencies; this is from {rate.base} to itself.")
    if not rate.rate.is_finite() or rate.rate <= 0:
        raise InvalidRate(f"A rate is a number above 0, not {rate.rate}.")
    if not BOUNDS[0] <= rate.rate <= BOUNDS[1]:
        raise InvalidRate(f"1 {rate.base} is never {plain(rate.rate)} {rate.quote}.")
    if rate.rate != round(rate.rate, MOST_DECIMALS):
        raise InvalidRate(f"A rate has at most {MOST_DECIMALS} decimals, not {plain(rate.rate)}.")
    if rate.as_of > today:
        raise InvalidRate(f"{rate.as_of} is in the future: today is {today} (UTC).")
    if not rate.source.strip():
        raise InvalidRate("Say where the rate is from.")
    if len(rate.source) > LONGEST_SOURCE:
        raise InvalidRate(f"Say where the rate is from in at most {LONGEST_SOURCE} characters.")
    before = next(kept.ways(rate.base, rate.quote), None)
    if before is None:
        return
    apart = Fraction(rate.rate) / before.factor
    if not Fraction(1, LEAP) <= apart <= LEAP:
        raise InvalidRate(
            f"1 {rate.base} = {plain(rate.rate)} {rate.quote} is far from what is kept: {before}. "
            "Is it upside down? If it is right, remove the other one first."
        )


def plain(number: Decimal) -> str:
    """A number without needless zeros and without an exponent."""
    return f"{number.normalize():f}"
