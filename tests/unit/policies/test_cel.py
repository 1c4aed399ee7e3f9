"""Rules in CEL: what they may say, and that doubt never allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.cel import Fired, InvalidRule, Outcome, Rule, Ruleset, combine
from apps.policies.facts import Facts

FACTS = Facts(action="set_price", connector="null", risk="medium", reversibility="reversible",
              amount=25.0, has_amount=True, currency="EUR")  # fmt: skip


def rule(when: str, outcome: str = "allow", **more: object) -> Rule:
    return Rule.model_validate(
        {"name": when, "when": when, "outcome": outcome, "reason": "because", **more}
    )


def verdict(*rules: Rule, facts: Facts = FACTS, **limits: float):
    return combine(Ruleset(rules, limits).evaluate(facts))


def test_no_rules_deny():
    """An empty policy allows nothing."""
    assert verdict().outcome == Outcome.DENY


def test_nothing_matched_denies():
    """A rule that does not match does not allow."""
    assert verdict(rule("amount > 100.0")).outcome == Outcome.DENY


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["allow"], "allow"),
        (["allow", "review"], "review"),
        (["review", "allow"], "review"),
        (["allow", "review", "deny"], "deny"),
        (["deny", "allow"], "deny"),
    ],
)
def test_the_strictest_outcome_wins(outcomes, expected):
    """Deny overrides review overrides allow, in any order."""
    assert verdict(*[rule("true", outcome) for outcome in outcomes]).outcome == expected


def test_limits_are_seen_by_rules():
    """A rule refers to the limits an operator may edit."""
    assert verdict(rule("amount <= limits.most"), most=25).outcome == Outcome.ALLOW
    assert verdict(rule("amount <= limits.most"), most=24.99).outcome == Outcome.DENY


@pytest.mark.parametrize(
    "expression", ["limits.missing > 1.0", "before.price > 1.0", "amount", "1 / 0 > 1", "'a' > 1"]
)
def test_a_rule_that_fails_denies(expression):
    """An error in one rule denies, even when another allows."""
    result = verdict(rule("true"), rule(expression))
    assert result.outcome == Outcome.DENY
    assert result.fired[0].error


@pytest.mark.parametrize(
    ("expression", "word"),
    [("amount >", "Syntax error"), ("ammount > 1.0", "ammount"), ("foo.bar == 1", "foo")],
)
def test_a_rule_that_cannot_work_is_refused_on_saving(expression, word):
    """A typo is found when the rule is saved, and named."""
    with pytest.raises(InvalidRule, match=word):
        Ruleset([rule(expression)], {})


def test_rules_speak_only_of_their_actions():
    """A rule for another action is not asked."""
    assert verdict(rule("true", actions=["refund_payment"])).outcome == Outcome.DENY


def test_the_largest_number_of_reviewers_counts():
    """Two review rules ask for the larger quorum."""
    result = verdict(rule("true", "review"), rule("amount > 1.0", "review", reviewers=2))
    assert (result.outcome, result.reviewers) == (Outcome.REVIEW, 2)


fired = st.builds(
    Fired,
    rule=st.sampled_from("abc"),
    outcome=st.sampled_from(list(Outcome)),
    reason=st.just("r"),
    reviewers=st.integers(1, 3),
)


@given(st.lists(fired), st.randoms())
def test_order_and_duplicates_do_not_matter(rules, random):
    """The same rules in any order, doubled, give the same verdict."""
    shuffled = rules + rules
    random.shuffle(shuffled)
    assert combine(shuffled).outcome == combine(rules).outcome
    assert combine(shuffled).reviewers == combine(rules).reviewers


@given(st.lists(fired))
def test_a_deny_more_never_widens(rules):
    """Adding a denial always denies."""
    denial = Fired(rule="d", outcome=Outcome.DENY, reason="no")
    assert combine([*rules, denial]).outcome == Outcome.DENY
