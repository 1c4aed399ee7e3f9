"""Every currency has its own digits, and nothing is rounded unless it is told how."""

from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.money import currency as money

THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
NONE = ("JPY", "KRW", "VND", "CLP", "ISK", "XOF", "UGX", "PYG")


@pytest.mark.parametrize("code", THREE)
def test_dinars_have_three_decimals(code: str) -> None:
    """Also the one that CLDR gives none."""
    assert money.minor_units(code) == 3
    assert money.text(Decimal("1.255"), code) == "1.255"


@pytest.mark.parametrize("code", NONE)
def test_yen_and_the_like_have_none(code: str) -> None:
    """A half is refused with what would fit."""
    assert money.text(Decimal("1000.00"), code) == "1000"
    with pytest.raises(money.UnfitAmount, match=r"no decimals.*1000 or 1001 would be"):
        money.fit(Decimal("1000.50"), code)


@pytest.mark.parametrize(
    "code", ["eur", "EURO", "", "ZZZ", "XAU", "XXX", "€", None, 978, "EU\u0420"]
)
def test_what_is_no_currency_is_refused(code: object) -> None:
    """Lower case, gold and look-alike letters are no currency."""
    assert not money.is_currency(code)
    with pytest.raises(money.UnknownCurrency):
        money.fit(Decimal(1), code)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1e30", "1e12"])
def test_absurd_numbers_are_no_amounts(value: str) -> None:
    """Neither to fit nor to round."""
    with pytest.raises(money.UnfitAmount):
        money.fit(Decimal(value), "EUR")
    with pytest.raises(money.UnfitAmount):
        money.round_to(Decimal(value), "EUR")


def test_a_fitted_amount_keeps_its_value() -> None:
    """Zeros are added or taken away, nothing else."""
    assert str(money.fit(Decimal(5), "EUR")) == "5.00"
    assert str(money.fit(Decimal("5.000"), "EUR")) == "5.00"
    assert str(money.fit(Decimal("5.0"), "KWD")) == "5.000"
    assert money.text(Decimal("-0.00"), "EUR") == "0.00"
    assert money.text(Decimal("1E+3"), "JPY") == "1000"


def test_rounding_is_asked_for() -> None:
    """Half up, or as said."""
    assert money.round_to(Decimal("0.125"), "EUR") == Decimal("0.13")
    assert money.round_to(Decimal("0.129"), "EUR", ROUND_DOWN) == Decimal("0.12")
    assert money.round_to(Decimal("979.5"), "JPY") == 980


amounts = st.decimals(min_value=0, max_value=10**8, places=0)


@given(
    total=st.integers(0, 10**9),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=12),
    code=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_shares_add_up_to_the_total(total: int, weights: list[int], code: str) -> None:
    """To the last minor unit, and none is further than one unit from its exact share."""
    whole = Decimal(total) * money.step(code)
    shares = money.allocate(whole, [Decimal(w) for w in weights], code)
    heavy = sum(weights)
    if not heavy and len(weights) > 1:
        assert shares == [0] * len(weights)
        return
    assert sum(shares) == whole
    for share, weight in zip(shares, weights, strict=True):
        exact = whole * weight / heavy if heavy else whole
        assert abs(share - exact) < money.step(code)
        assert share >= 0


def test_a_share_cannot_weigh_less_than_nothing() -> None:
    """A negative line is for its reader to settle first."""
    with pytest.raises(ValueError, match="less than nothing"):
        money.allocate(Decimal(1), [Decimal(2), Decimal(-1)], "EUR")


def test_what_is_on_record_is_written_whatever_it_is() -> None:
    """In its currency's digits, else with all it has; never rounded, never an error."""
    assert money.written(Decimal("1500.0000"), "EUR") == "1500.00"
    assert money.written(Decimal("1000.0000"), "JPY") == "1000"
    assert money.written(Decimal("1.2550"), "KWD") == "1.255"
    assert money.written(Decimal("12.3450"), "EUR") == "12.345"
    assert money.written(Decimal("1500.0000"), "") == "1500"
    assert money.written(Decimal("1E+3"), "ZZZ") == "1000"
    assert money.written(Decimal("NaN"), "EUR") == "NaN"


def test_every_currency_is_listed_once() -> None:
    """In order, and none that no money is counted in."""
    codes = money.codes()
    assert list(codes) == sorted(set(codes))
    assert {"EUR", "JPY", "KWD", "CLF"} < set(codes)
    assert not {"XAU", "XXX", "XTS"} & set(codes)
