"""Whether rules let anything new through is told for every change there could be."""

from time import thread_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.agents.playbooks.registry import DefaultPolicy, default_policies
from apps.policies.cel import Rule, Ruleset
from apps.policies.comparing import LONGEST, Book, loosened, unread
from apps.policies.facts import Facts
from apps.policies.measure import Market, age_in
from apps.policies.replaying import strictness, verdict

MARKET = Market(currency="EUR")  # without a single rate
POLICIES = {one.name: one for one in default_policies()}
PRICES, REFUNDS = POLICIES["Prices"], POLICIES["Refunds and replies"]


def rule(when: str, outcome: str = "allow", *actions: str, reviewers: int = 1) -> dict[str, Any]:
    """A rule as it is stored."""
    return {"name": when[:100], "when": when, "outcome": outcome, "reason": "x", "actions": actions,
            "reviewers": reviewers}  # fmt: skip


def book(rules: Any, limits: Any = None, currency: str = "EUR") -> Book:
    """A version of these rules."""
    days = age_in(limits or {}, 7)
    return Book(tuple(map(Rule.model_validate, rules)), limits or {}, currency, days)


def of(policy: DefaultPolicy, rules: Any = None, **limits: Any) -> Book:
    """The policy with other limits or rules."""
    return book(rules if rules is not None else policy.rules, policy.limits | limits)


@pytest.mark.parametrize(
    ("policy", "limits"),
    [
        (PRICES, {"safe_change_percent": 4.0}),
        (PRICES, {"max_change_percent": 20.0}),
        (PRICES, {"min_margin_percent": 15.0}),
        (REFUNDS, {"refund_auto_up_to": 5.0}),
        (REFUNDS, {"two_reviewers_over": 100.0}),
        (REFUNDS, {"refund_max": 400.0}),
        (REFUNDS, {"reply_confidence": 0.99}),
        (PRICES, {}),
    ],
)
def test_narrower_limits_only_tighten(policy: DefaultPolicy, limits: dict[str, float]) -> None:
    """Beside the other policies of a workspace as well."""
    others = [of(one) for one in POLICIES.values() if one is not policy]
    assert loosened([*others, of(policy)], [*others, of(policy, **limits)]) == []


@pytest.mark.parametrize(
    ("policy", "limits", "words"),
    [
        (PRICES, {"safe_change_percent": 6.0}, "change_percent is between -6 and -5"),
        (PRICES, {"catalogue_percent_a_day": 30.0}, ""),  # whether proved or too intricate
        (
            REFUNDS,
            {"first_refund_up_to": 10.5, "refund_auto_up_to": 12.0},
            "total_amount is between 10 and 10.5",
        ),
        (PRICES, {"max_change_percent": 40.0}, "denied becomes waiting for a person"),
        (PRICES, {"min_margin_percent": 5.0}, "margin_percent is between 5 and 10"),
        (REFUNDS, {"refund_auto_up_to": 10.5}, "total_amount is between 10 and 10.5"),
        (REFUNDS, {"two_reviewers_over": 300.0}, "for 2 people becomes waiting for a person"),
        (REFUNDS, {"refund_max": 501.0}, "denied becomes waiting for 2 people"),
        (REFUNDS, {"reply_confidence": 0.9}, "done without a person"),
        (REFUNDS, {"currency": "USD"}, "becomes"),
        (REFUNDS, {"rates_max_age_days": 300}, "becomes"),
    ],
)
def test_wider_limits_let_something_through(
    policy: DefaultPolicy, limits: dict[str, Any], words: str
) -> None:
    """Told in words; another currency makes every limit another one."""
    found = loosened([of(policy)], [of(policy, **limits)])
    assert any(words in one.words for one in found)


@pytest.mark.parametrize("policy", [PRICES, REFUNDS], ids=lambda one: one.name)
def test_a_policy_less_is_as_new_as_its_denials(policy: DefaultPolicy) -> None:
    """Nothing matched is denied; only where another policy allows does it let something through."""
    assert loosened([of(policy)], []) == []
    everything = book([rule("true")])
    assert loosened([everything, of(policy)], [everything])


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        ([rule("amount > 5")], [rule("amount > 5"), rule("true", "deny")], False),
        ([rule("amount > 5")], [rule("amount > 5"), rule("true", "review")], True),  # was denied
        ([rule("true")], [rule("true"), rule("amount > 5", "review")], False),
        ([rule("amount > 5")], [rule("amount > 5 && hour < 9")], False),
        ([rule("amount > 5 && hour < 9")], [rule("amount > 5")], True),
        ([rule("amount > 5")], [rule("!(amount <= 5.0)")], False),
        ([rule("amount > 5")], [rule("5 < amount")], False),
        ([rule("amount >= 5")], [rule("amount > 5")], False),
        ([rule("amount > 5")], [rule("amount >= 5")], True),
        ([rule("hour in [1, 2, 3]")], [rule("hour in [1, 3]")], False),
        ([rule("agent in ['a', 'b']")], [rule("agent in ['a', 'c']")], True),
        ([rule("agent != 'a'", "deny"), rule("true")], [rule("true")], True),
        ([rule("true")], [], False),
        ([], [rule("true")], True),
        ([rule("true", "allow", "set_price")], [rule("true", "allow", "set_stock")], True),
        ([rule("true")], [rule("true", "allow", "set_price")], False),
        ([rule("true", "allow", "set_price")], [rule("true")], True),
        ([rule("true", "review", reviewers=2)], [rule("true", "review")], True),
        ([rule("true", "review")], [rule("true", "review", reviewers=2)], False),
        ([rule("params.n.all(i, i > 3)", "review"), rule("true")], [rule("true")], True),
        ([rule("before.x > 3"), rule("true")], [rule("true")], True),  # where it fails, it denies
        ([rule("before.x > 3"), rule("true")], [rule("before.x > 4"), rule("true")], False),
        ([rule("hour > 3"), rule("true")], [rule("true")], False),  # it never fails
        ([rule("params.a == before.b")], [rule("before.b == params.a")], True),  # left open
        ([rule("hour > 3 ? amount > 5 : false")], [rule("hour > 3 && amount > 5")], False),
    ],
)
def test_rules_are_compared(before: Any, after: Any, is_new: bool) -> None:
    """Whatever their order and spelling; what is left open counts as new."""
    assert bool(loosened([book(before)], [book(after)])) == is_new


DAY = "window('target', '24h')"
SPENT = "window('agent', '24h').alone_amount > 50"


@pytest.mark.parametrize(
    ("before", "after", "is_new"),
    [
        (rule(f"{DAY}.changes > 3", "review", "set_price"),
         rule(f"{DAY}.changes > 2", "review", "set_price"), False),
        (rule(f"{DAY}.changes > 3", "review", "set_price"),
         rule(f"{DAY}.changes > 4", "review", "set_price"), True),
        (rule(f"{DAY}.changes > 3", "deny", "set_price"),
         rule(f"{DAY}.changes > 3", "deny", "set_price", "set_stock"), True),  # it counts others
        (rule(f"{DAY}.drift_percent > 3", "deny", "set_price"),
         rule(f"{DAY}.drift_percent > 3", "deny", "set_price", "set_stock"), False),
        (rule(f"{DAY}.changes > 3", "deny"), rule(f"{DAY}.alone > 3", "deny"), True),
        (rule(SPENT, "deny"), rule("window('agent', '7d').alone_amount > 50", "deny"), True),
        (rule(SPENT, "deny"), rule(SPENT.replace("50", "40"), "deny"), False),
        (rule(SPENT, "review", "set_price"), rule(SPENT, "deny", "set_price"), False),
        (rule(SPENT, "deny"), rule(SPENT, "review"), True),
    ],
)  # fmt: skip
def test_windows_are_compared(before: Any, after: Any, is_new: bool) -> None:
    """A window that counts other actions, or in another currency, is another one."""
    rest = rule("true", "allow", "set_price")
    assert bool(loosened([book([before, rest])], [book([after, rest])])) == is_new


def test_sums_in_another_currency_are_others() -> None:
    """And by rates of another age."""
    rules = [rule(SPENT, "review"), rule("true")]
    assert loosened([book(rules)], [book(rules, currency="JPY")])
    assert loosened([book(rules)], [book(rules, {"rates_max_age_days": 300})])


def test_limits_that_only_the_program_reads_are_named() -> None:
    """No rule shows what they do."""
    before, after = of(PRICES), of(PRICES, sole_owner_may_finish_undo=True, more=2)
    assert unread(before, after) == ["more", "sole_owner_may_finish_undo"]
    assert unread(before, of(PRICES, safe_change_percent=9)) == []
    assert unread(None, after) == ["more", "sole_owner_may_finish_undo"]


def test_limits_as_a_whole_are_no_constant() -> None:
    """A record among them that differs is another question."""
    rules = [rule("limits.most[currency] > amount"), rule("size(limits) > 2", "deny")]
    old = book(rules, {"most": {"EUR": 5}})
    assert loosened([old], [book(rules, {"most": {"EUR": 6}})])
    assert loosened([old], [old]) == []


def test_what_is_too_intricate_counts_as_new() -> None:
    """Rather than be thought through for minutes."""
    many = [rule(" && ".join(f"params.a{n} == {m}" for m in range(9))) for n in range(30)]
    assert loosened([book(many)], [book([*many[1:], rule("params.b == 2")])])


def test_what_names_too_many_actions_counts_as_new() -> None:
    """Rather than be gone through one after the other, even if it only tightens."""
    names = [f"action_{number}" for number in range(3_000)]
    many = [rule("amount > 5 || hour > 3 || total_amount < 2", "deny", *names)] * 20
    started = thread_time()
    found = loosened([book(many)], [book([*many, rule("amount > 3", "deny")])])
    assert thread_time() - started < 2 * LONGEST
    assert found[-1].words == "There is too much to be compared."


numbers = st.sampled_from([0.0, 2.0, 3.0, 5.0, 7.0])
atom = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["amount", "total_amount", "hour", "before.x"]),
              st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers),
    st.builds("amount {} limits.{}".format, st.sampled_from(["<", ">="]), st.sampled_from("ab")),
    st.builds("agent {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from("xy")),
    st.builds("currency {} 'EUR'".format, st.sampled_from(["==", "!="])),
    st.sampled_from(["has_amount", "returned", "true", "params.l.all(i, i > 2.0)",
                     "amount * 2 > total_amount", "agent in ['x', 'z']", "before.y == 2"]),
)  # fmt: skip
when = st.recursive(
    atom,
    lambda part: st.one_of(
        st.builds("({} && {})".format, part, part),
        st.builds("({} || {})".format, part, part),
        st.builds("!({})".format, part),
        st.builds("({} ? {} : {})".format, part, part, part),
    ),
    max_leaves=4,
)
rules = st.lists(
    st.builds(rule, when, st.sampled_from(["allow", "review", "deny"]),
              reviewers=st.integers(1, 2)), max_size=3,
)  # fmt: skip
limits = st.fixed_dictionaries({"a": numbers, "b": numbers})
records = st.fixed_dictionaries({}, optional={"x": st.one_of(numbers, st.just("t")), "y": numbers})
seen = st.builds(
    Facts, action=st.just("set_price"), connector=st.just("c"), risk=st.just("low"),
    reversibility=st.just("final"), amount=numbers, total_amount=numbers,
    hour=st.sampled_from([0, 2, 3, 4, 7]), agent=st.sampled_from(["x", "y", "z", ""]),
    currency=st.sampled_from(["EUR", "JPY"]), has_amount=st.booleans(), returned=st.booleans(),
    before=records, params=st.fixed_dictionaries({}, optional={"l": st.lists(numbers, max_size=2)}),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(rules, limits, rules, limits, st.booleans(), st.lists(seen, min_size=12, max_size=12))
def test_what_only_tightens_lets_no_change_further(
    old: Any, old_limits: Any, added: Any, new_limits: Any, keeps: bool, changes: list[Facts]
) -> None:
    """Of any rules and limits, on any change: in EUR, in yen without a rate, with keys missing."""
    new = [*old[1:], *added] if keeps else added
    named = {"currency": "EUR"}
    old_limits, new_limits = named | old_limits, named | new_limits
    if loosened([book(old, old_limits)], [book(new, new_limits)]):
        return
    before, after = (Ruleset(list(map(Rule.model_validate, one)), its)
                     for one, its in ((old, old_limits), (new, new_limits)))  # fmt: skip
    for facts in changes:
        was, would_be = (verdict([one], facts, MARKET) for one in (before, after))
        assert strictness(would_be) >= strictness(was), facts
