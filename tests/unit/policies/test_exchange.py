"""Amounts in another currency: exact, dated, never guessed."""

from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.money.currency import UnknownCurrency, minor_units
from apps.policies.exchange import InvalidRate, NoRate, Rate, Rates, as_amount, check

TODAY = date(2026, 11, 21)


def rate(base: str, quote: str, value: str, *, days: int = 0) -> Rate:
    """A rate of so many days ago."""
    return Rate(base=base, quote=quote, rate=Decimal(value), as_of=TODAY - timedelta(days=days),
                source="ECB")  # fmt: skip


BANK = Rates([rate("EUR", "JPY", "178.5"), rate("EUR", "KWD", "0.3561", days=3)])


def through(currency: str, to: str, amount: str, rates: Rates = BANK, **how) -> Fraction:
    """The amount in the other currency, exactly."""
    return rates.exchange(currency, to, today=TODAY, **how).exactly(Decimal(amount))


def test_a_rate_holds_both_ways():
    """From its base by multiplying, to it by dividing; nothing is rounded on the way."""
    assert through("EUR", "JPY", "15") == Fraction(26775, 10)
    assert through("JPY", "EUR", "8000") == Fraction(8000) / Fraction("178.5")
    assert through("EUR", "EUR", "1.23") == Fraction("1.23")


def test_two_currencies_meet_in_a_third():
    """And the exchange is as old as the older of its two rates, and names both."""
    exchange = BANK.exchange("JPY", "KWD", today=TODAY)
    assert exchange.factor == Fraction("0.3561") / Fraction("178.5")
    assert exchange.as_of == TODAY - timedelta(days=3)
    assert str(exchange) == (
        "1 EUR = 178.5 JPY (ECB, 2026-11-21) and 1 EUR = 0.3561 KWD (ECB, 2026-11-18)"
    )


@pytest.mark.parametrize(("days", "age", "holds"), [(7, 7, True), (8, 7, False), (1, 1, True),
                                                   (2, 1, False), (0, 1, True)])  # fmt: skip
def test_a_rate_holds_as_long_as_it_may(days, age, holds):
    """On its last day still, on the next no more; the text says how old the newest one is."""
    rates = Rates([rate("EUR", "JPY", "178", days=days)])
    if holds:
        assert through("EUR", "JPY", "1", rates, max_age_days=age) == 178
    else:
        with pytest.raises(NoRate, match=f"younger than {age} day.*{TODAY - timedelta(days=days)}"):
            through("EUR", "JPY", "1", rates, max_age_days=age)


def test_a_stale_leg_makes_the_way_stale():
    """A way over a third currency is as good as its older part."""
    rates = Rates([rate("EUR", "JPY", "178"), rate("EUR", "KWD", "0.35", days=9)])
    with pytest.raises(NoRate, match="younger than 7 days"):
        through("JPY", "KWD", "1", rates)


def test_a_fresh_way_round_is_taken_where_the_straight_one_is_stale():
    """And the straight one where both are fresh."""
    legs = [rate("EUR", "JPY", "180"), rate("EUR", "USD", "1.2")]
    stale, fresh = rate("USD", "JPY", "100", days=30), rate("USD", "JPY", "100", days=5)
    assert through("USD", "JPY", "1", Rates([*legs, stale])) == 150
    assert through("USD", "JPY", "1", Rates([*legs, fresh])) == 100


def test_of_several_ways_round_the_newest_is_taken():
    """Whatever order the rates come in."""
    legs = [rate("EUR", "JPY", "180", days=5), rate("EUR", "USD", "1.2", days=5),
            rate("CHF", "JPY", "190"), rate("CHF", "USD", "1")]  # fmt: skip
    for rates in (Rates(legs), Rates(legs[::-1])):
        assert through("USD", "JPY", "1", rates) == 190


def test_a_rate_of_tomorrow_is_not_used():
    """Even if it got into the table."""
    with pytest.raises(NoRate):
        through("EUR", "JPY", "1", Rates([rate("EUR", "JPY", "178", days=-1)]))


@pytest.mark.parametrize("currency", ["JPY", "", "XYZ"])
def test_no_rate_is_guessed(currency):
    """Not even one to one; an unknown currency is named as that."""
    with pytest.raises(NoRate, match=currency or "an unknown currency"):
        through(currency, "EUR", "1", Rates([rate("EUR", "USD", "1.1")]))


@pytest.mark.parametrize(
    ("to", "rounding", "expected"),
    [("JPY", ROUND_DOWN, "2677"), ("JPY", ROUND_UP, "2678"), ("KWD", ROUND_DOWN, "5.341"),
     ("KWD", ROUND_UP, "5.342"), ("EUR", ROUND_DOWN, "15.00")],
)  # fmt: skip
def test_a_cap_is_rounded_as_told(to, rounding, expected):
    """15 EUR are never more yen than 15 EUR, unless rounding up was asked for."""
    exchange = BANK.exchange("EUR", to, today=TODAY)
    assert str(exchange.rounded(Decimal(15), rounding)) == expected


@given(
    st.fractions(min_value=0, max_value=10**9),
    st.sampled_from(["JPY", "EUR", "KWD"]),
    st.sampled_from([ROUND_DOWN, ROUND_UP, ROUND_HALF_UP]),
)
def test_rounding_is_from_the_exact_value(value, code, rounding):
    """However small the remainder: down is never above, up never below, half at most half off."""
    amount = Fraction(as_amount(value, code, rounding))
    unit = Fraction(1, 10 ** minor_units(code))
    assert (amount / unit).denominator == 1
    if rounding == ROUND_DOWN:
        assert amount <= value < amount + unit
    elif rounding == ROUND_UP:
        assert amount - unit < value <= amount
    else:
        assert abs(amount - value) <= unit / 2


@given(st.decimals("0.001", "100000", places=3), st.decimals("0.0001", "9999", places=4))
def test_there_and_back_is_the_same_amount(amount, value):
    """An exchange and the one back undo each other exactly."""
    rates = Rates([rate("EUR", "JPY", str(value))])
    there = rates.exchange("EUR", "JPY", today=TODAY)
    back = rates.exchange("JPY", "EUR", today=TODAY)
    assert there.factor * back.factor == 1
    assert back.factor * there.exactly(amount) == Fraction(amount)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [(rate("EUR", "JPY", "0"), "above 0"), (rate("EUR", "JPY", "-178"), "above 0"),
     (rate("EUR", "JPY", "NaN"), "above 0"), (rate("EUR", "JPY", "Infinity"), "above 0"),
     (rate("EUR", "JPY", "1e30"), "never"), (rate("EUR", "JPY", "1e-30"), "never"),
     (rate("EUR", "JPY", "178", days=-1), "in the future"),
     (rate("EUR", "EUR", "1"), "to itself"),
     (rate("JPY", "EUR", "0.0061236987141"), "at most 12 decimals"),
     (Rate(base="EUR", quote="JPY", rate=Decimal(178), as_of=TODAY, source=" "), "from"),
     (Rate(base="EUR", quote="JPY", rate=Decimal(178), as_of=TODAY, source="x" * 101),
      "100 characters")],
)  # fmt: skip
def test_what_is_no_rate_is_refused(wrong, why):
    """With the reason."""
    with pytest.raises(InvalidRate, match=why):
        check(wrong, today=TODAY, kept=Rates([]))


@pytest.mark.parametrize("code", ["EURO", "eur", "XXX", "", "XAU"])
def test_a_code_that_is_none_is_refused(code):
    """Gold is no currency either."""
    with pytest.raises(UnknownCurrency):
        check(rate("EUR", code, "1.5"), today=TODAY, kept=Rates([]))


@pytest.mark.parametrize("new", [rate("EUR", "JPY", "0.0056"), rate("EUR", "JPY", "17.85"),
                                 rate("JPY", "EUR", "178.5"), rate("JPY", "KWD", "501")])  # fmt: skip
def test_a_rate_far_from_the_one_kept_is_taken_for_a_slip(new):
    """Upside down, or with the point in the wrong place; a cross rate is looked at too."""
    with pytest.raises(InvalidRate, match="upside down"):
        check(new, today=TODAY, kept=BANK)


@pytest.mark.parametrize("new", [rate("EUR", "JPY", "190"), rate("JPY", "EUR", "0.0056"),
                                 rate("EUR", "JPY", "90"), rate("USD", "JPY", "150")])  # fmt: skip
def test_a_rate_near_the_one_kept_is_taken(new):
    """As is one of a currency that is not known yet."""
    check(new, today=TODAY, kept=BANK)
