"""What programs send is an amount of its currency, or is refused with what would be."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.money.currency import MOST_DIGITS, codes, step, text
from apps.money.received import read
from apps.money.typed import Ambiguous, NotAnAmount

TAKEN = [
    (25.5, "EUR", "25.50"),
    ("25.5", "EUR", "25.50"),
    (25, "EUR", "25.00"),
    (Decimal("25.50"), "EUR", "25.50"),
    (" 25.50 ", "EUR", "25.50"),
    ("25.5000", "EUR", "25.50"),
    ("1e2", "EUR", "100.00"),
    (1e2, "JPY", "100"),
    ("1E+3", "JPY", "1000"),
    ("1000.00", "JPY", "1000"),
    ("1.255", "KWD", "1.255"),
    ("12.345", "KWD", "12.345"),
    (12.345, "KWD", "12.345"),
    ("1.000", "KWD", "1.000"),
    ("1.5", "KWD", "1.500"),
    ("1 000,50", "EUR", "1000.50"),
    ("1,234.50 EUR", "EUR", "1234.50"),
    ("-5", "EUR", "-5.00"),
    ("0.0001", "CLF", "0.0001"),
]


@pytest.mark.parametrize(("value", "currency", "amount"), TAKEN)
def test_what_has_one_meaning_is_taken(value: object, currency: str, amount: str) -> None:
    """With exactly the currency's digits, whatever it was written like."""
    assert str(read(value, currency=currency)) == amount


@pytest.mark.parametrize(
    ("value", "currency", "more", "less"),
    [
        ("1,000", "EUR", "1000.00", "1.00"),
        ("1.000", "EUR", "1000.00", "1.00"),
        ("25.500", "EUR", "25500.00", "25.50"),
        ("1.000", "JPY", "1000", "1"),
        ("12,345", "KWD", "12345.000", "12.345"),
        ("1000.000", "EUR", "1000000.00", "1000.00"),
    ],
)
def test_a_text_with_two_meanings_is_asked_back(
    value: str, currency: str, more: str, less: str
) -> None:
    """Also where a program would see one and a person the other."""
    with pytest.raises(Ambiguous, match=f"can mean {more} or {less}"):
        read(value, currency=currency)


@pytest.mark.parametrize(
    ("value", "currency", "why"),
    [
        ("1000.50", "JPY", "1000 or 1001 would be"),
        (1000.5, "JPY", "1000 or 1001 would be"),
        (0.1 + 0.2, "EUR", "0.30 or 0.31 would be"),
        ("0.001", "EUR", r"0\.00 or 0\.01 would be"),
        ("1.2555", "KWD", "3 decimals"),
        ("1e-3", "EUR", "2 decimals"),
        (10**12, "EUR", "no amount of money"),
        ("1000000000000", "JPY", "no amount of money"),
        (1e300, "EUR", "no amount of money"),
        (10**400, "EUR", "no amount of money"),
        (float("nan"), "EUR", "no amount of money"),
        (float("inf"), "EUR", "no amount of money"),
        ("NaN", "EUR", "not an amount"),
        ("1_000", "EUR", "not an amount"),
        ("٣", "EUR", "not an amount"),
        ("5 USD", "EUR", "not an amount in EUR"),
        ("", "EUR", "not an amount"),
        ("9" * 200, "EUR", "at most"),
        (True, "EUR", "a number, or a text"),
        (None, "EUR", "a number, or a text"),
        ([5], "EUR", "a number, or a text"),
    ],
)
def test_anything_else_is_refused(value: object, currency: str, why: str) -> None:
    """Never rounded, never another number."""
    with pytest.raises(NotAnAmount, match=why):
        read(value, currency=currency)


@given(minor=st.integers(0, 10**MOST_DIGITS - 1), code=st.sampled_from(codes()))
def test_what_we_write_is_read_as_what_it_is(minor: int, code: str) -> None:
    """Our own text in any currency, and the number a program makes of it."""
    value = minor * step(code)
    assert read(text(value, code), currency=code) == value
    assert read(json.loads(json.dumps(float(value))), currency=code) == value
