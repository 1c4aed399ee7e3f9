"""Prices look as they do in their currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.repricing.endings import habit, rounded
from apps.money.currency import codes, fits, minor_units, step


@pytest.mark.parametrize(
    ("price", "currency", "expected"),
    [
        ("45.20", "EUR", "44.99"),
        ("45.30", "USD", "45.49"),
        ("3.21", "EUR", "3.21"),
        ("959.5", "JPY", "960"),
        ("11110", "KRW", "11110"),
        ("232300.4", "VND", "232300"),
        ("1.20695", "BHD", "1.207"),
        ("45.20695", "KWD", "45.207"),
        ("12345.67", "HUF", "12346.00"),
        ("159999.49", "IDR", "159999.00"),
        ("199.50", "SEK", "199.00"),  # ties go down, as with .49 and .99
        ("3.49", "CZK", "3.49"),
        ("12.34567", "CLF", "12.3457"),
    ],
)
def test_a_price_is_rounded_as_its_currency_has_it(price: str, currency: str, expected: str):
    """Charming where there are cents, whole where there are none, as it comes elsewhere."""
    assert str(rounded(Decimal(price), None, currency)) == expected


@pytest.mark.parametrize(
    ("floor", "currency", "expected"),
    [("45.10", "EUR", "45.49"), ("46", "JPY", "46"), ("45.25", "HUF", "46.00")],
)
def test_the_floor_lifts_a_price(floor: str, currency: str, expected: str):
    """To the next usual one above it."""
    assert str(rounded(Decimal("45.20"), Decimal(floor), currency)) == expected


@given(
    price=st.decimals(min_value="0.01", max_value=10**9, places=6),
    floor=st.none() | st.integers(1, 10**9),
    currency=st.sampled_from(codes()),
)
def test_a_rounded_price_fits_and_stays_near(price, floor, currency):
    """In any currency; no further than a unit from the price or the floor, and never below."""
    least = None if floor is None else floor * step(currency)
    found = rounded(price, least, currency)
    assert fits(found, currency)
    assert least is None or found >= least
    assert abs(found - max(price, least or price)) <= 1


@pytest.mark.parametrize("currency", codes())
def test_a_model_is_told_what_fits(currency: str):
    """No model is asked for an ending its currency does not have."""
    said = habit(currency)
    assert (".49" in said) <= (minor_units(currency) == 2)
    assert said.endswith(".")
