"""Amounts look as the reader's language writes them, with the currency's own digits."""

from decimal import Decimal

import pytest

from apps.money.display import LOCALES, amount, known, negotiate, number
from apps.money.typed import parse


@pytest.mark.parametrize(
    ("value", "currency", "locale", "shown"),
    [
        ("1234.50", "EUR", "en", "€1,234.50"),
        ("1234.50", "EUR", "de", "1.234,50\u00a0€"),
        ("1234.50", "EUR", "fr", "1\u202f234,50\u00a0€"),
        ("1234", "JPY", "en", "¥1,234"),
        ("1.255", "KWD", "en", "KWD\u00a01.255"),
        ("1.255", "IQD", "en", "IQD\u00a01.255"),
        ("12.345", "EUR", "en", "€12.345"),
        ("-5", "EUR", "en", "-€5.00"),
        ("1234567.50", "CHF", "de-CH", "CHF\u00a01’234’567.50"),
        ("5", "ZZZ", "en", "5 ZZZ"),
        ("5", "EUR", "tlh-Latn", "€5.00"),
    ],
)
def test_an_amount_in_a_language(value: str, currency: str, locale: str, shown: str) -> None:
    """Nothing is cut, and an unknown language is English."""
    assert amount(Decimal(value), currency, locale) == shown


def test_numbers_keep_their_digits() -> None:
    """However many there are."""
    assert number(Decimal("1234.56789"), "de") == "1.234,56789"


def test_the_first_language_that_is_there() -> None:
    """Else English."""
    assert negotiate(["de-AT", "en"], ["en", "de"]) == "de"
    assert negotiate(["de-at"], ["en", "de", "de-AT"]) == "de-AT"
    assert negotiate(["tlh"], ["en", "de"]) == "en"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_that_can_be_chosen_is_known(locale: str) -> None:
    """By CLDR, and what it writes can be typed again."""
    assert str(known(locale)).replace("_", "-") == locale
    shown = amount(Decimal("1234567.50"), "EUR", locale)
    assert parse(shown, currency="EUR") == Decimal("1234567.50")


def test_numbers_are_rounded_where_that_is_said() -> None:
    """Half up, to exactly so many places."""
    assert number(Decimal("1234.565"), "de", places=2) == "1.234,57"
    assert number(Decimal(5), "en", places=1) == "5.0"
    assert number(Decimal("1E+3"), "de-CH") == "1’000"
