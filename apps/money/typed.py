"""Amounts as people type them: `1,234.50`, `1.234,50 EUR`, `€ 30`, `1 000,50`, `5,–`. Pure.

One reader for forms, the API, questions to an agent and CSV. What can be read in two ways is never
guessed: `1,000` is a thousand to some and one to others, so it is asked back.
"""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_symbol

from apps.money import currency as currencies

LONGEST = 60  # characters
SPACES = "\u0020\u00a0\u2007\u2009\u202f\u2008\u200a\t"
APOSTROPHES = "'’ʼ′`´"
MINUS = "−-"
DASHES = "–—-"  # "5,-" is five and no cents
LOCALES = ("en", "de", "fr", "es", "it", "nl", "pt_BR", "pl", "cs", "da", "nb", "sv", "hu", "tr",
           "ja", "zh", "ko", "th", "vi", "id", "ar", "he", "uk")  # fmt: skip
NAMES = {"EUR": ("euro", "euros"), "USD": ("dollar", "dollars"), "CHF": ("franken", "francs"),
         "JPY": ("yen", "円"), "CNY": ("yuan", "元"), "KRW": ("won", "원")}  # fmt: skip
WIDE = range(0xFF00, 0xFFF0)  # digits, points and currency signs as wide as a Chinese character
GROUPED = re.compile(r"[0-9]{1,3}([ .,'])[0-9]{3}(?:\1[0-9]{3})*")
THREE_BEHIND = re.compile(r"-?[1-9][0-9]*\.[0-9]{3}")
HALF_GROUPED = re.compile(r"[1-9][0-9]{3,}[.,][0-9]{3}")
BY_FOUR = re.compile(r"[1-9][0-9]{0,3}[.,][0-9]{4}")  # ten thousands of China and Japan
INDIAN = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
SIGNED_AHEAD = re.compile(rf"([{MINUS}])([^\d.,{MINUS}]+)")
AMOUNT = re.compile(rf"([^\d.,{MINUS}]*)([{MINUS}]? ?[\d .,']*?(?:[.,][{DASHES}])?)([^\d.,]*)")


class NotAnAmount(ValueError):
    """What was typed is no amount of money in this currency; the text says what would be."""


class Ambiguous(NotAnAmount):
    """What was typed can be read in two ways: `readings`, the larger first. Never guess."""

    def __init__(self, typed: str, readings: Sequence[Decimal], *, currency: str = "") -> None:
        self.readings = tuple(sorted(readings, key=abs, reverse=True))
        more, less = (f"{value:f}" for value in self.readings)
        fit = [
            reading
            for reading in self.readings
            if not currency or currencies.fits(reading, currency)
        ]
        clear = " or ".join(unmistakable(value) for value in fit or self.readings)
        super().__init__(f"“{typed}” can mean {more} or {less}. Write {clear}.")


def parse(text: str, *, currency: str) -> Decimal:
    """The amount that was typed, with the currency's decimals.

    A code or symbol may stand on one side, and has to be this currency's. Raises `Ambiguous`,
    `NotAnAmount`, `UnknownCurrency`.
    """
    tidied = tidy(text)
    number = without_sign_of(tidied, currency)
    found = readings(number, decimals=currencies.minor_units(currency))
    if not found:
        raise NotAnAmount(f"“{tidied[:40]}” is not an amount. Write it like {example(currency)}.")
    if len(found) > 1:
        both = [in_digits(value, currency) for value in found]
        raise Ambiguous(tidied[:40], both, currency=currency)
    try:
        return currencies.fit(found.pop(), currency)
    except currencies.UnfitAmount as error:
        raise NotAnAmount(str(error)) from error


def parse_number(text: str) -> Decimal:
    """A plain number (a percentage, a count) by the same rules.

    Raises `Ambiguous`, `NotAnAmount`.
    """
    tidied = tidy(text)
    found = readings(tidied, decimals=3)
    if not found:
        raise NotAnAmount(f"“{tidied[:40]}” is not a number. Write it like 12.5.")
    if len(found) > 1:
        raise Ambiguous(tidied[:40], list(found))
    return found.pop()


def tidy(text: str) -> str:
    """The text with one kind of space, apostrophe and digit, and no white space around it."""
    if len(text) > LONGEST:
        raise NotAnAmount(f"An amount has at most {LONGEST} characters.")
    return "".join(plain(character) for character in text).strip()


def plain(digits: str) -> str:
    """A character as we know it; a raised 2 stays what it is, which is no 2."""
    if digits in SPACES:
        return " "
    if digits in APOSTROPHES:
        return "'"
    return unicodedata.normalize("NFKC", digits) if ord(digits) in WIDE else digits


def readings(number: str, *, decimals: int) -> set[Decimal]:
    """Every way to read a bare number: none, one, or two where a separator can be either thing.

    A currency without decimals leaves no doubt: `1,000` yen are a thousand. Three digits behind a
    longer number may be thousands whose first separator was forgotten: `1000,000`.
    """
    sign, digits = (-1, number[1:].strip()) if number[:1] in tuple(MINUS) else (1, number)
    whole = grouped(digits)
    found = set() if whole is None else {whole}
    if whole is None or decimals:
        found |= with_decimals(digits)
    if (decimals != 3 and HALF_GROUPED.fullmatch(digits)) or (
        not decimals and BY_FOUR.fullmatch(digits)
    ):
        found.add(Decimal(re.sub(r"[^0-9]", "", digits)))
    return {sign * value for value in found}


def with_decimals(number: str) -> set[Decimal]:
    """The number read with its last point or comma before the decimals; empty if it has none."""
    match = re.fullmatch(rf"(.*)([.,])([0-9]+|[{DASHES}])", number)
    if match is None or not (match[1] or match[3].isdigit()):
        return set()
    front = grouped(match[1] or "0", but=match[2])
    part = match[3] if match[3].isdigit() else "0"
    return set() if front is None else {front + Decimal(f"0.{part}")}


def grouped(number: str, *, but: str = "") -> Decimal | None:
    """A whole number with or without groups of thousands; None if it is none.

    `but` is the separator that stands before the decimals, which cannot group as well.
    """
    if re.fullmatch(r"[0-9]+", number):
        return Decimal(number)
    match = GROUPED.fullmatch(number)
    by_three = match is not None and match[1] != but and not number.startswith("0")
    if not by_three and not (but != "," and INDIAN.fullmatch(number)):
        return None
    return Decimal(re.sub(r"[^0-9]", "", number))


def without_sign_of(text: str, currency: str) -> str:
    """The text without a currency on one side of it. Raises `NotAnAmount` for another one."""
    ahead = SIGNED_AHEAD.match(text)  # -€5 is €-5
    match = AMOUNT.fullmatch(f"{ahead[2]}{ahead[1]}{text[ahead.end() :]}" if ahead else text)
    named = (
        [part.strip().casefold() for part in (match[1], match[3]) if part.strip()] if match else []
    )
    if match is None or len(named) > 1 or (named and named[0] not in signs(currency)):
        raise NotAnAmount(
            f"“{text[:40]}” is not an amount in {currency}. Write it like {example(currency)}."
        )
    return match[2].strip()


@lru_cache(maxsize=256)
def signs(currency: str) -> frozenset[str]:
    """How the currency is written beside an amount: its code and its symbols, case-folded."""
    currencies.minor_units(currency)
    found = {currency}
    for locale in LOCALES:
        symbol = get_currency_symbol(currency, locale)
        found |= {symbol, re.sub(r"^[A-Z]{1,3}(?=[^\w\s.])", "", symbol)}  # CA$, $
    found |= set(NAMES.get(currency, ()))
    return frozenset(sign.replace("\u200f", "").strip().casefold() for sign in found if sign)


def unmistakable(value: Decimal) -> str:
    """The value as it can be typed and is never asked back: `12.345` dinars are `12.3450`."""
    plain = f"{value:f}"
    return f"{plain}0" if THREE_BEHIND.fullmatch(plain) else plain


def in_digits(value: Decimal, currency: str) -> Decimal:
    """The value with as many decimals as the currency has, if it has such an amount."""
    return currencies.fit(value, currency) if currencies.fits(value, currency) else value


def example(currency: str) -> str:
    """An amount as it may be typed."""
    return f"{Decimal(1250).quantize(currencies.step(currency))} {currency}"
