"""An amount as people type it."""

from decimal import Decimal

import pytest

from apps.money.typed import Ambiguous
from apps.proposals.typed import names_amount, read

AMOUNT = Decimal("1234.50")


@pytest.mark.parametrize(
    "text",
    ["1234.50", "1234.5", "1234,50", "1,234.50", "1.234,50", "1 234,50", "1'234.50", "1’234,5",
     "€ 1234.50", "1.234,50 €", "EUR 1,234.50", "1234.50 eur", "  1234,50  ", "1\u202f234,50",
     "001234.50"],
)  # fmt: skip
def test_the_same_amount_however_it_is_written(text: str) -> None:
    """Groups, commas, a currency on either side: it is the same money."""
    assert names_amount(text, AMOUNT, "EUR")


@pytest.mark.parametrize(
    "text",
    ["", " ", "1234", "1234.51", "123450", "12,34.50", "1,234,50", "1.234.50", "-1234.50",
     "$1234.50", "1234.50 CHF", "EUR 1234.50 EUR", "1234.50 or so", "1234.500", "1e3",
     "١٢٣٤.٥٠", "yes", "1,23,4.50"],
)  # fmt: skip
def test_anything_else_is_a_no(text: str) -> None:
    """Another amount, another currency, half a number, words."""
    assert not names_amount(text, AMOUNT, "EUR")


@pytest.mark.parametrize("text", ["1,234", "1.234", "€ 1,234"])
def test_what_can_be_read_in_two_ways_names_nothing(text: str) -> None:
    """Neither the thousands nor the one; whoever reads it is told both."""
    assert not names_amount(text, Decimal(1234), "EUR")
    assert not names_amount(text, Decimal("1.23"), "EUR")
    with pytest.raises(Ambiguous, match=r"can mean 1234\.00 or 1\.234\. Write 1234\.00\.$"):
        read(text, Decimal(1234), "EUR")


def test_an_amount_is_typed_in_its_currencys_digits() -> None:
    """Yen have none behind the point, so nothing is in doubt; dinars have three."""
    assert names_amount("1,000", Decimal(1000), "JPY")
    assert names_amount("1000", Decimal("1000.0000"), "JPY")  # as the database has it
    assert not names_amount("1000.50", Decimal("1000.5"), "JPY")
    assert names_amount("1.255", Decimal("1.2550"), "KWD")  # as it was shown
    assert names_amount("1.2550 KWD", Decimal("1.255"), "KWD")
    assert not names_amount("1.255", Decimal(1255), "KWD")
    assert not names_amount("1,255", Decimal("1.255"), "KWD")


def test_in_no_known_currency_the_number_counts() -> None:
    """A shop that tells no currency, or a strange one."""
    assert names_amount("30,50", Decimal("30.5"), "")
    assert names_amount("30.5", Decimal("30.50"), "ZZZ")
    assert not names_amount("30.5 EUR", Decimal("30.50"), "ZZZ")


def test_without_an_amount_nothing_names_it() -> None:
    """Where no money moves, typing proves nothing."""
    assert not names_amount("0", None, "")


def test_a_sign_stands_for_its_currencies() -> None:
    """$ is any dollar; a sign of another currency is a no."""
    assert names_amount("$30", Decimal(30), "CAD")
    assert not names_amount("£30", Decimal(30), "CAD")
