"""What people type is read in one way or asked back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.money.currency import step
from apps.money.display import amount
from apps.money.typed import Ambiguous, NotAnAmount, parse, parse_number

CLEAR = [
    ("1000", "EUR", "1000.00"),
    ("1000.5", "EUR", "1000.50"),
    ("1000,50", "EUR", "1000.50"),
    ("1 000,50", "EUR", "1000.50"),
    ("1\u202f000,50", "EUR", "1000.50"),
    ("1\u00a0000,50", "EUR", "1000.50"),
    ("1'000.50", "EUR", "1000.50"),
    ("1’000.50", "CHF", "1000.50"),
    ("1.000,50", "EUR", "1000.50"),
    ("1,000.50", "EUR", "1000.50"),
    ("1,000,000", "EUR", "1000000.00"),
    ("1.000.000", "EUR", "1000000.00"),
    ("12,34,567.50", "INR", "1234567.50"),
    ("1 000", "EUR", "1000.00"),
    ("0.500", "KWD", "0.500"),
    ("0,125", "KWD", "0.125"),
    ("1234.500", "KWD", "1234.500"),
    ("1.000,125", "KWD", "1000.125"),
    ("1,000", "JPY", "1000"),
    ("1.000", "JPY", "1000"),
    ("¥1,000", "JPY", "1000"),
    ("€ 30", "EUR", "30.00"),
    ("30 eur", "EUR", "30.00"),
    ("30 Euro", "EUR", "30.00"),
    ("CA$12.50", "CAD", "12.50"),
    ("$12.50", "CAD", "12.50"),
    ("12,50 zł", "PLN", "12.50"),
    ("5,-", "EUR", "5.00"),
    ("5,–", "EUR", "5.00"),
    ("CHF 5.–", "CHF", "5.00"),
    (".5", "EUR", "0.50"),
    ("-5", "EUR", "-5.00"),
    ("−5,25 €", "EUR", "-5.25"),
    ("１２.５０", "EUR", "12.50"),
    ("￥1000", "JPY", "1000"),
    ("1000円", "JPY", "1000"),
    ("-€5.00", "EUR", "-5.00"),
    ("12.3450", "KWD", "12.345"),
    ("25.5000", "EUR", "25.50"),
]
UNCLEAR = [
    ("1,000", "EUR", "1000.00", "1.00"),
    ("1.000", "EUR", "1000.00", "1.00"),
    ("€1,000", "EUR", "1000.00", "1.00"),
    ("12.345", "KWD", "12345.000", "12.345"),
    ("12,345", "KWD", "12345.000", "12.345"),
    ("-1,000", "EUR", "-1000.00", "-1.00"),
    ("1000,000", "EUR", "1000000.00", "1000.00"),
    ("1000,000", "JPY", "1000000", "1000"),
    ("1,0000", "JPY", "10000", "1"),
]
NONSENSE = ["", "  ", "abc", "1e3", "NaN", "inf", "1,00.0", "1.00,000.0", "1,0000,00", "0x10", "1..5",
            "1,,5", "5 6", "12 34", "USD 5", "5 $", "EUR 5 EUR", "1_000", "½", "5%", "--5", "1.234",
            "1000.505", "٣", "5²", "⁵", "①", "5 EUR pro Stück", "9" * 70]  # fmt: skip


@pytest.mark.parametrize(("text", "currency", "value"), CLEAR)
def test_clear_amounts_are_read(text: str, currency: str, value: str) -> None:
    """With exactly the currency's digits."""
    assert str(parse(text, currency=currency)) == value


@pytest.mark.parametrize(("text", "currency", "more", "less"), UNCLEAR)
def test_what_can_be_two_things_is_asked_back(
    text: str, currency: str, more: str, less: str
) -> None:
    """Both readings are told, and what to write instead."""
    with pytest.raises(Ambiguous, match="can mean") as error:
        parse(text, currency=currency)
    assert [str(value) for value in error.value.readings] == [more, less]


@pytest.mark.parametrize("text", NONSENSE)
def test_nonsense_is_refused(text: str) -> None:
    """Never a number out of something else."""
    with pytest.raises(NotAnAmount):
        parse(text, currency="EUR")


@pytest.mark.parametrize(("text", "currency", "more", "less"), UNCLEAR)
def test_what_is_suggested_is_clear(text: str, currency: str, more: str, less: str) -> None:
    """Whoever writes it as they are told is not asked again."""
    with pytest.raises(Ambiguous) as error:
        parse(text, currency=currency)
    clear = str(error.value).rpartition("Write ")[2].rstrip(".").split(" or ")
    assert [str(parse(one, currency=currency)) for one in clear] == [more, less]


def test_decimals_the_currency_has_not_are_refused() -> None:
    """With what would fit."""
    with pytest.raises(NotAnAmount, match="no decimals"):
        parse("1000.50", currency="JPY")


@given(
    minor=st.integers(0, 10**11),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "CHF", "USD"]),
    locale=st.sampled_from(["en", "de", "fr", "de_CH", "es", "it", "nl", "sv", "pl", "en_IN"]),
)
def test_what_we_show_is_read_as_what_it_is(minor: int, currency: str, locale: str) -> None:
    """An amount copied from a page in any language is itself, or asked back; never another."""
    value = minor * step(currency)
    shown = amount(value, currency, locale)
    try:
        read = (parse(shown, currency=currency),)
    except Ambiguous as error:
        read = error.readings
    assert value in read


def test_plain_numbers_follow_the_same_rules() -> None:
    """A percentage with a comma is clear, a thousand with one is not."""
    assert parse_number("12,5") == Decimal("12.5")
    assert parse_number("-3") == -3
    with pytest.raises(Ambiguous):
        parse_number("1,000")
    with pytest.raises(NotAnAmount):
        parse_number("5 %")
