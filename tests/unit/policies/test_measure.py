"""Limits have a currency: another one is compared by a dated rate, or not at all."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.policies.cel import Fired, Outcome, Rule, Ruleset, combine
from apps.policies.exchange import Rate, Rates
from apps.policies.facts import Facts
from apps.policies.measure import Market

TODAY = date(2026, 11, 21)
LIMITS = {"currency": "EUR", "small": 10, "most": 500}
RULES = [("has_amount && amount > limits.most", "deny"), ("amount > limits.small", "review"),
         ("has_amount && amount <= limits.small", "allow")]  # fmt: skip


def market(*, days: int = 1, currency: str = "EUR", max_age_days: int = 7) -> Market:
    """A workspace that knows what yen and dinars cost, since so many days."""
    rates = [
        Rate(base="EUR", quote=quote, rate=Decimal(rate), as_of=TODAY - timedelta(days=days),
             source="ECB")
        for quote, rate in (("JPY", "160"), ("KWD", "0.32"))
    ]  # fmt: skip
    return Market(currency=currency, rates=Rates(rates), today=TODAY, max_age_days=max_age_days)


def fired(
    amount: float,
    currency: str,
    where: Market | None = None,
    limits: dict[str, Any] | None = None,
    rules: list[tuple[str, str]] | None = None,
    **facts: Any,
) -> list[Fired]:
    """The rules that fire on a refund of so much."""
    written = [
        Rule(name=w, when=w, outcome=Outcome(o), reason="because") for w, o in rules or RULES
    ]
    seen = Facts(action="refund_payment", connector="null", risk="high", reversibility="final",
                 currency=currency, amount=amount, total_amount=amount, has_amount=True, **facts)  # fmt: skip
    return Ruleset(written, LIMITS if limits is None else limits).evaluate(seen, where)


def outcome(*args: Any, **kwargs: Any) -> Outcome:
    """What they say together."""
    return combine(fired(*args, **kwargs)).outcome


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (10, "EUR", "allow"), (10.01, "EUR", "review"), (500.01, "EUR", "deny"),
        (1600, "JPY", "allow"), (1601, "JPY", "review"), (8000, "JPY", "review"),
        (80_000, "JPY", "review"), (80_001, "JPY", "deny"),
        (3.2, "KWD", "allow"), (3.201, "KWD", "review"), (15, "KWD", "review"),
        (160, "KWD", "review"), (160.001, "KWD", "deny"), (400, "KWD", "deny"),
    ],
)  # fmt: skip
def test_an_amount_is_compared_by_its_worth(amount, currency, expected):
    """To the last digit of its currency, on both sides of the limit."""
    assert outcome(float(amount), currency, market()) == expected


@pytest.mark.parametrize("amount", [1.0, 8000.0, 800_000.0])
@pytest.mark.parametrize("where", [None, Market(today=TODAY), market(days=8), market(days=-1)])
def test_without_a_rate_a_person_decides(amount, where):
    """However small or large it looks, and whatever the rules would have said of the number."""
    for rule in fired(amount, "JPY", where):
        assert rule.outcome == Outcome.REVIEW
        assert "from JPY to EUR" in rule.reason
        assert "A person decides" in rule.reason
        assert not rule.error
    assert outcome(amount, "JPY", where) == "review"


def test_the_rate_that_was_used_is_told():
    """With its day and source, and what the amount was worth by it."""
    [rule] = fired(8000.0, "JPY", market())
    assert rule.exchange == {
        "currency": "EUR", "amount": 50.0, "total_amount": 50.0,
        "rates": "1 EUR = 160 JPY (ECB, 2026-11-20)", "as_of": "2026-11-20",
    }  # fmt: skip
    [rule] = fired(8.0, "EUR", market())
    assert rule.exchange == {}


def test_a_policy_says_how_old_its_rates_may_be():
    """Above what the workspace says."""
    assert outcome(8000.0, "JPY", market(days=20)) == "review"
    limits = LIMITS | {"rates_max_age_days": 30}
    assert outcome(800_000.0, "JPY", market(days=20), limits) == "deny"
    assert outcome(800_000.0, "JPY", market(days=20, max_age_days=30)) == "deny"


def test_limits_without_a_currency_are_in_that_of_the_workspace():
    """And where nobody says one, an amount is compared as it is."""
    limits = {"small": 10, "most": 500}
    assert outcome(8000.0, "JPY", market(), limits) == "review"
    assert outcome(400.0, "JPY", market(currency="JPY"), limits) == "review"
    assert outcome(8000.0, "JPY", market(currency="JPY"), limits) == "deny"
    assert outcome(8000.0, "JPY", None, limits) == "deny"
    assert outcome(8.0, "", market(), limits) == "allow"


def test_an_amount_of_no_known_currency_is_not_in_that_of_the_limits():
    """A policy that names its currency is meant."""
    assert outcome(1.0, "", market()) == "review"
    assert "an unknown currency" in fired(1.0, "", market())[0].reason


@pytest.mark.parametrize(
    ("when", "currency", "expected"),
    [
        ("currency == 'JPY' && amount > 80000", "JPY", []),
        ("currency == 'JPY' && amount >= 8000", "JPY", ["deny"]),
        ("currency == 'EUR' && amount > limits.small", "JPY", []),
        ("currency in ['JPY', 'KRW'] && amount > limits.most", "JPY", ["deny"]),
        ("currency != 'EUR' && amount > limits.most", "JPY", ["review"]),
        ("currency != limits.currency || amount > limits.most", "JPY", ["deny"]),
        ("amount > limits.most || true", "JPY", ["deny"]),
        ("amount > limits.most && false", "JPY", []),
        ("amount > 500 && has_amount", "JPY", ["review"]),
        ("change_percent < 5", "JPY", ["deny"]),
    ],
)
def test_a_rule_asks_for_a_person_only_where_it_depends_on_the_rate(when, currency, expected):
    """What it says without any rate holds; what names its currency sees amounts as they are."""
    found = fired(8000.0, currency, rules=[(when, "deny")])
    assert [one.outcome for one in found] == expected


def test_what_the_shop_says_is_not_converted():
    """A rule that compares it with limits in another currency is left to a person, rate or not."""
    rules = [("double(before.total) > limits.most", "deny")]
    before = {"total": "8000", "currency": "JPY"}
    [rule] = fired(1.0, "JPY", market(), rules=rules, before=before)
    assert (rule.outcome, "as the shop has it" in rule.reason) == (Outcome.REVIEW, True)
    assert outcome(1.0, "EUR", market(), rules=rules, before=before) == "deny"


def test_what_moves_no_money_needs_no_rate():
    """A rule about amounts says nothing of it, in any currency."""
    seen = Facts(action="set_stock", connector="null", risk="low", reversibility="reversible",
                 currency="JPY")  # fmt: skip
    rule = Rule(name="r", when="has_amount && amount > limits.most", outcome=Outcome.DENY,
                reason="x")  # fmt: skip
    assert Ruleset([rule], LIMITS).evaluate(seen) == []


def test_a_rule_that_fails_still_denies_in_another_currency():
    """Only what depends on the rate is left to a person."""
    [rule] = fired(8000.0, "JPY", rules=[("before.missing > 1", "allow")])
    assert (rule.outcome, bool(rule.error)) == (Outcome.DENY, True)


def test_a_long_reason_is_cut():
    """As long as a decision keeps one."""
    rates = [Rate(base="EUR", quote=quote, rate=Decimal(1), as_of=date(2020, 1, 1), source="s" * 100)
             for quote in ("JPY", "USD")] + [Rate(base="USD", quote="KWD", rate=Decimal(1),
                                                  as_of=date(2020, 1, 1), source="s" * 100)]  # fmt: skip
    [rule] = fired(
        1.0, "KWD", Market(rates=Rates(rates), today=TODAY), rules=[("amount > 1", "deny")]
    )
    assert len(rule.reason) == 300
