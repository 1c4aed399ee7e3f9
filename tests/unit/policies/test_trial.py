"""A draft that could only ever fail is refused, with what is wrong in it."""

import pytest

from apps.agents.playbooks.registry import default_policies
from apps.gateway import catalogue
from apps.policies import samples, trial
from apps.policies.cel import InvalidRule, Outcome, Rule


def check(when: str, *actions: str, **limits: object) -> None:
    rule = Rule(name="mine", when=when, outcome=Outcome.DENY, reason="x", actions=actions)
    trial.check([rule], limits)


@pytest.mark.parametrize(
    "when",
    [
        "amount * 2 > 100",
        "params.items.exists(i, i.quantity > 3)",
        "size(params.items) * 2 > 5",
        "double(params.amount) > 10",
        "has(params.note) && size(params.note) > 100",
        "has_amount && change_percent / amount > 1",
        "before.cost_of_something_a_shop_may_send > 1",
        "has(limits.extra) && amount > limits.extra",
        "agent == '' || hour < 6 || hour >= 22",
        "amount in [1, 2.5] ? confidence < 0.5 : -amount % 2 == 0",
        "true",
    ],
)
def test_what_can_hold_is_taken(when):
    """A key that only some changes have is no fault."""
    check(when)


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("params.amount > 10", "params.amount is a text and 10 is a number"),
        ("amount > 'a'", "amount is a number and 'a' is a text"),
        ("currency > 5", "currency is a text and 5 is a number"),
        ("false && currency + 1 > 2", "currency is a text"),
        ("has_amount ? risk > 1 : true", "risk is a text"),
        ("!(hour > 3 || agent < 5)", "agent is a text"),
        ("amount", "gives a number"),
        ("agent", "gives a text"),
        ("has_amount ? amount : 1", "gives a number"),
        ("!amount", "amount is a number, not true or false"),
        ("-agent > 1", "agent is a text, not a number"),
        ("amount.cents > 1", "amount is a number, not a record"),
        ("1 / 0 > 1", "can only fail"),
        ("limits.missing > 1", "limits that do not exist: missing. There are none."),
        ("limits['missing'] > 1", "limits that do not exist: missing"),
        ("params.items.exists(i, i.line_id > 3)", "on return_items"),
        ("change_percent > '5'", "In `change_percent > '5'` (characters 1 to 20): change_percent"),
        ("change_percent == '5'", "is a number and '5' is a text"),
        ("true || currency != 5", "(characters 9 to 21)"),
        ("currency in [1, 2]", "currency is a text and [1, 2] is a list"),
        ("params.items.all(i, i.quantity == '3')", "(characters 21 to 37): i.quantity is a number"),
        ("params.items.exists(i, has(i.x) || i.quantity < 'a')", "on return_items"),
    ],
)
def test_what_can_only_fail_is_refused(when, why):
    """Naming the rule, the action and the kinds that do not go together; hidden parts too."""
    with pytest.raises(InvalidRule, match="mine") as refused:
        check(when)
    assert why in str(refused.value)


def test_a_rule_is_tried_on_its_actions_only():
    """What another action has under this name does not matter."""
    check("params.quantity > 3", "set_stock")
    check("params.amount > 3", "set_stock")  # it has none: a shop's matter
    with pytest.raises(InvalidRule, match="on refund_payment"):
        check("params.amount > 3", "refund_payment")


def test_limits_have_kinds_too():
    """A text among them is none to calculate with; whole numbers are numbers."""
    check("amount - limits.m > 0.0", m=60)
    check("currency == limits.currency", currency="EUR")
    with pytest.raises(InvalidRule, match=r"limits.m is a text"):
        check("amount > limits.m", m="60")


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"currency": "EURO"}, "EURO"), ({"currency": 5}, "no currency"), ({"currency": ""}, "no "),
        ({"rates_max_age_days": 0}, "from 1 to 366"), ({"rates_max_age_days": "7"}, "from 1 to"),
        ({"rates_max_age_days": True}, "from 1 to"), ({"a b": 1}, "no name"), ({"": 1}, "no name"),
        ({"m": float("nan")}, "no number"), ({"m": float("inf")}, "no number"),
    ],
)  # fmt: skip
def test_limits_that_are_none_are_refused(limits, why):
    """Before a rule fails on them."""
    with pytest.raises(InvalidRule, match=why):
        check("true", **limits)


def test_the_policies_a_workspace_starts_with_can_hold():
    """Each of their rules."""
    for policy in default_policies():
        trial.check([Rule.model_validate(rule) for rule in policy.rules], policy.limits)


@pytest.mark.parametrize("action", list(catalogue.ACTIONS))
def test_samples_are_what_the_catalogue_normalises(action):
    """Every action has one, in the very form its changes have."""
    params = catalogue.spec(action).example.params
    assert catalogue.normalise(action, params) == params
    assert set(params) == set(catalogue.spec(action).parameters.model_fields)
    full, least = samples.samples(action)
    assert (full.params, least.has_amount) == (params, False)


def test_there_is_no_sample_of_an_action_that_is_gone():
    """The two lists are one."""
    assert set(samples.actions()) == set(catalogue.ACTIONS)


def test_without_a_catalogue_no_draft_passes(monkeypatch):
    """It would be tried on nothing, and so always pass."""
    monkeypatch.setattr(samples, "catalogue", {})
    with pytest.raises(samples.NoCatalogue):
        trial.check([Rule(name="any", when="true", outcome="allow", reason="-")], {})
