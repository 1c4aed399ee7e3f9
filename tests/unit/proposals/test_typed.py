"""An amount as people type it."""

from decimal import Decimal

import pytest

from apps.proposals.typed import names_amount

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


def test_three_digits_behind_a_separator_are_thousands() -> None:
    """Money has two places, so one separator before three digits groups."""
    assert names_amount("1,234", Decimal(1234), "EUR")
    assert names_amount("1.234", Decimal(1234), "EUR")
    assert not names_amount("1.234", Decimal("1.23"), "EUR")


def test_without_an_amount_nothing_names_it() -> None:
    """Where no money moves, typing proves nothing."""
    assert not names_amount("0", None, "")


def test_a_sign_stands_for_its_currencies() -> None:
    """$ is any dollar; a sign of another currency is a no."""
    assert names_amount("$30", Decimal(30), "CAD")
    assert not names_amount("£30", Decimal(30), "CAD")
