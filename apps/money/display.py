"""Amounts and numbers for a reader's eyes, as CLDR writes them in their language. Pure.

The digits are the currency's own (ISO 4217): CLDR rounds some currencies to what coins there are.
"""

import re
from copy import copy
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.numbers import get_group_symbol

from apps.money.currency import UnknownCurrency, minor_units

DEFAULT = "en"
LOCALES = {  # those a reader can choose, each as it calls itself
    "en": "English", "en-GB": "English (United Kingdom)", "en-IN": "English (India)",
    "de": "Deutsch", "de-AT": "Deutsch (Österreich)", "de-CH": "Deutsch (Schweiz)",
    "fr": "français", "es": "español", "it": "italiano", "nl": "Nederlands",
    "pt": "português", "pt-PT": "português (Portugal)", "pl": "polski",
    "cs": "čeština", "da": "dansk", "nb": "norsk bokmål", "sv": "svenska", "fi": "suomi",
    "hu": "magyar", "tr": "Türkçe", "ja": "日本語", "ko": "한국어", "zh": "中文",
}  # fmt: skip
ENGLISH = Locale.parse("en")
BETWEEN = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")  # a code and the number beside it


def amount(value: Decimal, currency: str, locale: str = DEFAULT) -> str:
    """`€1,234.50`, `1.234,50 €`, `¥1,000`. More digits than the currency has are shown, not cut.

    A code that is no currency's stands behind the number as it is.
    """
    chosen = known(locale)
    try:
        least = minor_units(currency)
    except UnknownCurrency:
        return f"{number(value, locale)} {currency}".strip()
    most = max(least, decimals_of(value))
    around = chosen.currency_formats["standard"]
    pattern = copy(chosen.decimal_formats[None])
    pattern.prefix, pattern.suffix = around.prefix, around.suffix
    pattern.frac_prec = (least, most)
    shown = pattern.apply(value, speaking(chosen), currency=currency, currency_digits=False)
    return BETWEEN.sub("\u00a0", grouped(shown, chosen))


def number(value: Decimal, locale: str = DEFAULT, *, places: int | None = None) -> str:
    """A number with all its digits, or rounded to so many places: `1,234.5`, `1.234,5`."""
    chosen = known(locale)
    pattern = copy(chosen.decimal_formats[None])
    if places is None:
        pattern.frac_prec = (0, decimals_of(value))
    else:
        value = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        pattern.frac_prec = (places, places)
    return grouped(pattern.apply(value, speaking(chosen)), chosen)


def decimals_of(value: Decimal) -> int:
    """Decimals the value really needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def grouped(text: str, chosen: Locale) -> str:
    """The Swiss apostrophes babel takes for quotes and removes, put in where it wrote commas."""
    return text.replace(",", "’") if speaking(chosen) is not chosen else text


def speaking(chosen: Locale) -> Locale:
    """The locale whose separators babel can write: English for one that groups by apostrophes."""
    return ENGLISH if get_group_symbol(chosen) == "'" else chosen


@lru_cache(maxsize=128)
def known(locale: str) -> Locale:
    """The locale, or English where it is none that CLDR knows."""
    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT)


def negotiate(accepted: list[str], available: list[str]) -> str:
    """The first language a reader accepts that there is, as it is written there, else English."""
    found = negotiate_locale(accepted, available, sep="-") or DEFAULT
    return next((locale for locale in available if locale.lower() == found.lower()), DEFAULT)
