"""Every threshold of the policies a workspace starts with, from both sides, to the last digit.

What a policy says is compared with what exact fractions say, over `facts_of` as the product does.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.agents.playbooks.registry import policy_of
from apps.money.currency import minor_units
from apps.policies.cel import Rule, Ruleset, combine
from apps.policies.exchange import Rate, Rates
from apps.policies.facts import Facts, facts_of, number, percent
from apps.policies.measure import Market
from tests.conftest import LIMITS, RULES

PRICES, REFUNDS = policy_of("repricing"), policy_of("refund_desk")
CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD"])  # of 0, 2 and 3 decimals
NEAR = st.integers(-3, 3)  # minor units from where the limit is
BASE: dict[str, Any] = {"connector": "medusa", "risk": "high", "reversibility": "final"}
TODAY = date(2026, 11, 21)


def compiled(rules: Any, limits: Mapping[str, Any]) -> Ruleset:
    """A version's rules."""
    return Ruleset([Rule.model_validate(rule) for rule in rules], limits)


PRICING = compiled(PRICES.rules, PRICES.limits)
SIMPLE = compiled(RULES, LIMITS)
REFUNDING = {code: compiled(REFUNDS.rules, REFUNDS.limits | {"currency": code})
             for code in ("JPY", "EUR", "KWD")}  # fmt: skip
LIMITED = {name: Fraction(str(value)) for name, value in PRICES.limits.items()
           if isinstance(value, float)}  # fmt: skip


def in_units(value: int, code: str) -> str:
    """So many minor units as a shop writes them."""
    return f"{Decimal(value).scaleb(-minor_units(code)):f}"


def price_facts(before: int, after: int, cost: int, code: str) -> Facts:
    """A price that moves, in minor units."""
    return facts_of(
        action="set_price",
        params={"amount": in_units(after, code), "currency": code},
        before={"prices": {code: in_units(before, code)}, "cost": in_units(cost, code),
                "cost_currency": code},
        after={"prices": {code: in_units(after, code)}},
        **BASE,
    )  # fmt: skip


def right_of_price(before: int, after: int, cost: int) -> str:
    """What the policy of prices means, in fractions."""
    change = Fraction(after - before) * 100 / before
    margin = Fraction(after - cost) * 100 / after
    if abs(change) > LIMITED["max_change_percent"] or margin < LIMITED["min_margin_percent"]:
        return "deny"
    return "allow" if abs(change) <= LIMITED["safe_change_percent"] else "review"


@given(
    st.integers(100, 10**10),
    st.sampled_from(["safe_change_percent", "max_change_percent"]),
    st.sampled_from([1, -1]),
    NEAR,
    CURRENCIES,
)
@example(100_000, "safe_change_percent", 1, 4, "EUR")  # 1050.04: 5.004 %
@example(100_000, "max_change_percent", 1, 4, "EUR")  # 1300.04: 30.004 %
@example(10**10 - 1, "max_change_percent", -1, 0, "KWD")
def test_how_far_a_price_moves(before: int, limit: str, sign: int, off: int, code: str) -> None:
    """Up and down, by minor units around each limit."""
    after = before + sign * int(before * LIMITED[limit] / 100) + off
    seen = price_facts(before, after, 0, code)
    assert combine(PRICING.evaluate(seen)).outcome == right_of_price(before, after, 0)


@given(st.integers(100, 10**10), NEAR, CURRENCIES)
@example(100_000, 0, "EUR")
@example(99_996, -1, "EUR")
def test_what_margin_a_price_leaves(price: int, off: int, code: str) -> None:
    """By minor units of the cost around the smallest margin: 9.996 % is below 10."""
    cost = int(price * (1 - LIMITED["min_margin_percent"] / 100)) + off
    seen = price_facts(price, price, cost, code)
    assert combine(PRICING.evaluate(seen)).outcome == right_of_price(price, price, cost)


def refund_facts(total: Decimal, code: str, confidence: float = 1.0) -> Facts:
    """A refund of the desk, of all it gives back."""
    return facts_of(
        action="refund_payment",
        params={"amount": f"{total:f}", "currency": code},
        before={},
        after={},
        total_amount=float(total),
        playbook="refund_desk",
        confidence=confidence,
        **BASE,
    )


def right_of_refund(total: Fraction, *, own: bool = True) -> tuple[str, int]:
    """What the policy of refunds means; `own`: in the currency of the limits."""
    most, two, alone = (Fraction(str(REFUNDS.limits[name])) for name in
                        ("refund_max", "two_reviewers_over", "refund_auto_up_to"))  # fmt: skip
    if total > most:
        return "deny", 0
    if total > two:
        return "review", 2
    return ("allow", 0) if own and total <= alone else ("review", 1)


AMOUNT_LIMITS = st.sampled_from(["refund_auto_up_to", "two_reviewers_over", "refund_max"])


@given(AMOUNT_LIMITS, NEAR, CURRENCIES)
def test_how_much_is_given_back(limit: str, off: int, code: str) -> None:
    """By minor units around each limit, in currencies of 0, 2 and 3 decimals."""
    total = Decimal(str(REFUNDS.limits[limit])) + Decimal(off).scaleb(-minor_units(code))
    verdict = combine(REFUNDING[code].evaluate(refund_facts(total, code)))
    assert (verdict.outcome, verdict.reviewers) == right_of_refund(Fraction(total))


@given(
    AMOUNT_LIMITS,
    NEAR,
    st.sampled_from(["JPY", "KWD", "USD"]),
    st.decimals("0.001", "9999", places=5),
)
@example("refund_max", 0, "JPY", Decimal("178.12345"))
def test_how_much_is_given_back_in_another_currency(
    limit: str, off: int, code: str, rate: Decimal
) -> None:
    """By minor units of that currency around what a limit is worth in it, whatever the rate."""
    at = Fraction(str(REFUNDS.limits[limit])) * Fraction(rate)
    least = Fraction(1, 10 ** minor_units(code))
    units = max(int(at / least) + off, 1)
    total = Decimal(units).scaleb(-minor_units(code))
    kept = Rates([Rate(base="EUR", quote=code, rate=rate, as_of=TODAY, source="t")])
    market = Market(currency="EUR", rates=kept, today=TODAY)
    verdict = combine(REFUNDING["EUR"].evaluate(refund_facts(total, code), market))
    right = right_of_refund(Fraction(total) / Fraction(rate), own=False)
    assert (verdict.outcome, verdict.reviewers) == right


@given(st.sampled_from([LIMITS["auto_up_to"], LIMITS["most"]]), NEAR, CURRENCIES)
def test_amounts_beside_whole_limits(limit: int, off: int, code: str) -> None:
    """The simple policy of the tests: its limits are written 10 and 1000."""
    total = Decimal(limit) + Decimal(off).scaleb(-minor_units(code))
    outcome = combine(SIMPLE.evaluate(refund_facts(total, code))).outcome
    allowed = "allow" if total <= LIMITS["auto_up_to"] else "review"
    assert outcome == ("deny" if total > LIMITS["most"] else allowed)


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [(0.95, "allow"), (0.9499999999999999, "review"), (0.9500000000000001, "allow"), (1, "allow")],
)
def test_how_sure_a_reply_is(confidence: float, expected: str) -> None:
    """At the limit and a hair beside it."""
    seen = replace(refund_facts(Decimal(1), "EUR", confidence), action="send_message")
    assert combine(REFUNDING["EUR"].evaluate(seen)).outcome == expected


@given(st.integers(1, 10**12 - 1), st.integers(1, 10**11), st.integers(0, 999), st.integers(0, 1))
def test_a_ratio_stands_to_a_limit_as_its_double_does(
    part: int, whole: int, limit: int, decimals: int
) -> None:
    """For any limit below 100 with up to one decimal, also where the ratio is next to it."""
    bound = Fraction(limit, 10**decimals)
    if bound >= 100:
        return
    for numerator in (part, int(whole * bound / 100), int(whole * bound / 100) + 1):
        exact = Fraction(numerator * 100, whole)
        seen, at = percent(Decimal(numerator), Decimal(whole)), float(bound)
        assert (seen > at, seen < at) == (exact > bound, exact < bound)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1.10", Decimal("1.10")), (3, Decimal(3)), (0.1, Decimal("0.1")), ("NaN", None),
     ("Infinity", None), ("-sNaN", None), ("1e31", None), ("1e999999999", None), ("1e-99", None),
     (True, None), ("many", None), ([1], None), (None, None), ("0", Decimal(0))],
)  # fmt: skip
def test_what_no_amount_can_be_is_no_number(value: object, expected: Decimal | None) -> None:
    """Neither infinite nor endless: it would be compared with nothing, or fill the memory."""
    assert number(value) == expected


def test_a_price_that_is_no_number_is_not_known() -> None:
    """Rules that need it say so, and nothing fails."""
    seen = facts_of(action="set_price", params={"amount": "5.00", "currency": "EUR"},
                    before={"prices": {"EUR": "1e999999999"}}, after={"prices": {"EUR": "NaN"}},
                    **BASE)  # fmt: skip
    assert (seen.has_change, seen.has_margin) == (False, False)
