"""What a rule, a ruleset and a verdict are at their edges."""

from decimal import Decimal

import cel
import pytest
from pydantic import ValidationError

from apps.policies.cel import (
    MAX_REASON,
    MAX_RULES,
    Fired,
    InvalidRule,
    Outcome,
    Rule,
    Ruleset,
    combine,
    compile_or_deny,
    failed,
    fire,
    in_limits,
    reason_of,
    refusal,
    rule_or_deny,
    unusable,
    within_budget,
)
from apps.policies.cost import TooCostly
from apps.policies.facts import Facts
from apps.policies.measure import Market, measure

FACTS = Facts(action="set_price", connector="null", risk="medium", reversibility="reversible",
              amount=25.0, total_amount=30.0, has_amount=True, currency="EUR")  # fmt: skip
RULE = {"name": "r", "when": "true", "outcome": "review", "reason": "because"}


def rule(when: str = "true", outcome: str = "allow", **more: object) -> Rule:
    return Rule.model_validate(RULE | {"when": when, "outcome": outcome, **more})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": "n" * 101}, {"when": ""}, {"when": "t" * 2_001}, {"reason": ""},
        {"reason": "r" * 301}, {"reviewers": 0}, {"reviewers": 6}, {"outcome": "maybe"},
        {"more": 1},
    ],
)  # fmt: skip
def test_a_rule_that_is_none(wrong):
    """Too long, empty, too many reviewers, or with a field nobody knows."""
    with pytest.raises(ValidationError):
        Rule.model_validate(RULE | wrong)


@pytest.mark.parametrize(
    "edge",
    [
        {"name": "n" * 100}, {"when": "t" * 2_000}, {"reason": "r" * 300}, {"reviewers": 5},
        {"name": "n", "when": "t", "reason": "r", "reviewers": 1},
    ],
)  # fmt: skip
def test_a_rule_at_its_edge(edge):
    """The longest and the shortest there may be."""
    found = Rule.model_validate(RULE | edge)
    assert {name: getattr(found, name) for name in edge} == edge


def test_a_rule_and_what_fired_cannot_be_altered():
    """A verdict stays what it was."""
    with pytest.raises(ValidationError):
        rule().reviewers = 2
    fired = Fired(rule="r", outcome=Outcome.ALLOW, reason="x")
    assert (fired.reviewers, fired.error, dict(fired.exchange)) == (1, "", {})
    with pytest.raises(AttributeError):
        fired.outcome = Outcome.DENY  # type: ignore[misc]
    with pytest.raises(AttributeError):
        combine([fired]).outcome = Outcome.DENY  # type: ignore[misc]


def test_as_many_rules_as_a_version_holds():
    """One more is refused where it is saved, and denies where it is stored."""
    most = [rule(name=f"r{n}") for n in range(MAX_RULES)]
    assert len(Ruleset(most, {}).rules) == MAX_RULES
    with pytest.raises(InvalidRule, match=f"{MAX_RULES + 1} rules; a version holds at most"):
        Ruleset([*most, rule()], {})
    stored = [one.model_dump(mode="json") for one in most]
    assert combine(Ruleset.stored(stored, {}).evaluate(FACTS)).outcome == Outcome.ALLOW
    too_many = Ruleset.stored([*stored, stored[0]], {})
    assert [compiled.rule.name for compiled in too_many.rules] == [f"{MAX_RULES + 1} rules"]
    assert combine(too_many.evaluate(FACTS)).outcome == Outcome.DENY


@pytest.mark.parametrize(
    ("stored", "name"),
    [({"name": "old", "when": 1}, "old"), ({}, "a rule"), ({"name": ""}, "a rule"), (None, "a rule"),
     (["x"], "a rule"), ({"name": "n" * 200}, "n" * 100)],
)  # fmt: skip
def test_what_is_stored_and_is_no_rule_denies_everything(stored, name):
    """Under the name it had."""
    found = rule_or_deny(stored)
    assert (found.name, found.outcome, found.actions) == (name, Outcome.DENY, ())
    verdict = combine(Ruleset.stored([RULE | {"outcome": "allow"}, stored], {}).evaluate(FACTS))
    assert verdict.outcome == Outcome.DENY
    assert verdict.deciding is not None
    assert verdict.deciding.rule == name


def test_a_stored_rule_that_is_one_is_kept():
    """As it is."""
    assert rule_or_deny(RULE) == Rule.model_validate(RULE)
    assert unusable("x").when == "__it_does_not_compile_any_more"


def test_a_rule_that_does_not_compile_any_more_denies_where_it_is_in_force():
    """And is refused where it is saved."""
    old = rule("gone_word > 1")
    compiled = compile_or_deny(old)
    assert (compiled.rule, compiled.node, compiled.steps) == (old, None, None)
    verdict = combine(Ruleset([old, rule()], {}, lenient=True).evaluate(FACTS))
    assert verdict.outcome == Outcome.DENY
    with pytest.raises(InvalidRule):
        Ruleset([old], {})


@pytest.mark.parametrize(
    ("limits", "currency"),
    [({"currency": "EUR"}, "EUR"), ({}, ""), ({"currency": 3}, ""), ({"currency": None}, "")],
)
def test_the_currency_of_limits(limits, currency):
    """Only a text is one."""
    assert Ruleset([], limits).currency == currency


def test_rules_about_an_action_and_about_every_action():
    """Which is asked, and in which order."""
    every, prices, stock = (
        rule(name="e"),
        rule(name="p", actions=["set_price"]),
        rule(name="s", actions=["set_stock"]),
    )
    found = Ruleset([every, prices, stock], {})
    assert [one.rule.name for one in found.applicable("set_price")] == ["e", "p"]
    assert [one.rule.name for one in found.applicable("gone")] == ["e"]
    assert Ruleset([stock], {}).evaluate(FACTS) == []


def test_windows_are_asked_for_by_the_rules_about_an_action():
    """Those of others are not."""
    asks = rule('window("target", "24h").changes > 3', actions=["set_price"])
    other = rule('window("agent", "1h").changes > 3', actions=["set_stock"])
    found = Ruleset([asks, other, rule()], {})
    assert found.asked("set_price") == frozenset({("target", "24h")})
    assert found.asked("cancel_order") == frozenset()


@pytest.mark.parametrize(
    ("outcome", "reviewers", "expected"),
    [("allow", 3, 0), ("deny", 3, 0), ("review", 3, 3), ("review", 1, 1)],
)
def test_only_a_review_asks_for_people(outcome, reviewers, expected):
    """Whatever number a rule of another outcome names."""
    found = Ruleset([rule("true", outcome, reviewers=reviewers)], {}).evaluate(FACTS)
    assert combine(found).reviewers == expected


def test_a_denial_beside_a_review_asks_for_nobody():
    """And names the rule that denies as the deciding one."""
    found = combine(
        [Fired(rule="r", outcome=Outcome.REVIEW, reason="x", reviewers=2),
         Fired(rule="a", outcome=Outcome.ALLOW, reason="x"),
         Fired(rule="d", outcome=Outcome.DENY, reason="x"),
         Fired(rule="d2", outcome=Outcome.DENY, reason="x")]
    )  # fmt: skip
    assert found.reviewers == 0
    assert found.deciding is not None
    assert found.deciding.rule == "d"
    assert [one.rule for one in found.fired] == ["d", "d2", "r", "a"]
    nothing = combine([])
    assert (nothing.outcome, nothing.deciding, nothing.reviewers) == (Outcome.DENY, None, 0)


def test_what_cannot_be_evaluated_says_why_and_no_more():
    """The error is for operators, cut; the reason is for reviewers."""
    found = failed(rule(), ValueError("e" * 400))
    assert (found.outcome, found.reviewers) == (Outcome.DENY, 1)
    assert found.error == ("ValueError: " + "e" * 400)[:300]
    assert "could not be evaluated" in found.reason


@pytest.mark.parametrize(("when", "type_"), [("amount", "float"), ("action", "str")])
def test_an_expression_that_is_no_question_denies(when, type_):
    """Only true and false are answers."""
    [found] = Ruleset([rule(when)], {}).evaluate(FACTS)
    assert found.outcome == Outcome.DENY
    assert f"the expression gives {type_}, not true or false" in found.error


@pytest.mark.parametrize("when", ["amount >", "a + ", "1 +* 2"])
def test_what_the_library_says(when):
    """That it is an error of syntax, once, and its own words."""
    said = refusal(when)
    assert said.count("yntax error") == 1
    assert refusal("true") == ""


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("nothing_known > 1", r"Rule 'r' uses unknown words \['nothing_known'\]; known are action,"),
        ("[1].all(amount, amount > 0)", r"names a variable \['amount'\]"),
        ("oddly(amount)", r"calls unknown functions \['oddly'\]; known are "),
        ('window("target", "25h").changes > 1', "Rule 'r': "),
        ("amount > ", "(?s)Rule 'r': .*Syntax error"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_rule_and_what_is_wrong(when, words):
    """And what there is instead."""
    with pytest.raises(InvalidRule, match=words):
        Ruleset([rule(when)], {})


def test_values_that_are_too_many_deny_with_every_rule():
    """Before one is begun."""
    large = Facts(action="set_price", connector="null", risk="low", reversibility="final",
                  params={"list": list(range(200_000))})  # fmt: skip
    found = Ruleset([rule(name="a"), rule(name="b", outcome="review")], {}).evaluate(large)
    assert [(one.rule, one.outcome) for one in found] == [("a", Outcome.DENY), ("b", Outcome.DENY)]
    assert all(one.error.startswith("TooCostly: ") for one in found)


def test_a_rule_that_costs_too_much_does_not_stop_the_others():
    """It denies; the one beside it is run."""
    squared = "params.list.all(a, params.list.all(b, params.list.all(c, a + b + c >= 0.0)))"
    facts = Facts(action="set_price", connector="null", risk="low", reversibility="final",
                  params={"list": [float(n) for n in range(300)]})  # fmt: skip
    rules = Ruleset([rule(squared, name="slow"), rule(name="quick")], {})
    judged = within_budget(rules.rules, facts.variables() | {"limits": {}})
    assert [type(why) for _, why in judged] == [TooCostly, type(None)]
    assert [(one.rule, one.outcome) for one in rules.evaluate(facts)] == [
        ("slow", Outcome.DENY), ("quick", Outcome.ALLOW),
    ]  # fmt: skip


def test_amounts_beside_limits_in_the_same_currency():
    """They are what the facts say, and so is what moves without money."""
    measured = measure(FACTS, "EUR", {"most": 20}, Market())
    found = in_limits(measured, FACTS.variables())
    assert not measured.differs
    assert {Decimal(str(value)) for name, value in found.items() if "amount" in name} >= {
        Decimal("25.0"), Decimal("30.0"),
    }  # fmt: skip


def test_amounts_without_a_rate_stand_for_nothing():
    """A rule that needs them asks for a person; one that does not is run."""
    yen = Facts(action="set_price", connector="null", risk="low", reversibility="final",
                amount=25.0, has_amount=True, currency="JPY")  # fmt: skip
    measured = measure(yen, "EUR", {}, Market())
    assert measured.differs
    assert in_limits(measured, yen.variables()) == {}
    rules = [rule("amount <= limits.most", name="money"), rule("action == 'set_price'", name="no")]
    found = Ruleset(rules, {"most": 20, "currency": "EUR"}).evaluate(yen)
    assert [(one.rule, one.outcome) for one in found] == [
        ("money", Outcome.REVIEW), ("no", Outcome.ALLOW),
    ]  # fmt: skip
    assert found[0].reviewers == 1
    assert len(found[0].reason) <= MAX_REASON
    assert (found[0].error, dict(found[0].exchange), dict(found[1].exchange)) == ("", {}, {})


def test_a_rule_alone_fires_or_does_not():
    """Without windows and without amounts that were measured."""
    context = cel.Context({"a": True})
    yes, no = (fire(rule("a"), cel.compile(when), context) for when in ("a", "!a"))
    assert yes == Fired(rule="r", outcome=Outcome.ALLOW, reason="because")
    assert no is None
    wrong = fire(rule("a"), cel.compile("b"), context)
    assert wrong is not None
    assert wrong.outcome == Outcome.DENY


def test_a_reason_names_the_series_only_where_a_window_stops():
    """Not where it allows, and not without a window."""
    limits = {"most": 0}
    when = 'window("target", "24h").changes >= limits.most'
    ruleset = Ruleset([rule(when, "review"), rule(when, "allow"), rule("true", "review")], limits)
    reasons = [fired.reason for fired in ruleset.evaluate(FACTS)]
    assert reasons == ["because 1 change of this in 24 h, 25.00 EUR", "because", "because"]
    assert reason_of(rule(when, "allow"), ruleset.windows(FACTS, Market())) == "because"
    assert reason_of(rule("true", "deny"), ruleset.windows(FACTS, Market())) == "because"
    assert reason_of(rule(when, "deny"), None) == "because"
    stopped = reason_of(rule(when, "deny", reason="r" * 300), ruleset.windows(FACTS, Market()))
    assert stopped == "r" * 300
