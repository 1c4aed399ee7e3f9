"""The policies a workspace starts with decide as their descriptions say."""

import tomllib
from pathlib import Path

import pytest

from apps.agents import playbooks
from apps.policies import facts
from apps.policies.cel import Outcome, Rule, Ruleset, combine

FOLDER = Path(playbooks.__file__).parent


def decide(policy: str, *, price: str, trigger: str = "schedule", cost: str = "5.00") -> Outcome:
    """What the shipped policy says of a price of 10.00 EUR becoming `price`."""
    content = tomllib.loads((FOLDER / policy).read_text())
    rules = Ruleset([Rule.model_validate(rule) for rule in content["rules"]], content["limits"])
    seen = facts.describe(
        action="set_price", connector="medusa", risk="medium", reversibility="reversible",
        params={"amount": price, "currency": "EUR"}, trigger=trigger,
        before={"prices": {"EUR": "10.00"}, "cost": cost, "cost_currency": "EUR"},
        after={"prices": {"EUR": price}, "cost": cost, "cost_currency": "EUR"},
    )  # fmt: skip
    return combine(rules.evaluate(seen)).outcome


@pytest.mark.parametrize(
    ("price", "trigger", "outcome"),
    [
        ("10.40", "schedule", Outcome.ALLOW),
        ("11.00", "schedule", Outcome.REVIEW),
        ("14.00", "schedule", Outcome.DENY),
        ("5.20", "schedule", Outcome.DENY),
        ("10.40", "undo", Outcome.ALLOW),
        ("14.00", "undo", Outcome.REVIEW),
        ("14.00", "saga", Outcome.REVIEW),
        ("5.20", "undo", Outcome.REVIEW),
    ],
)
def test_an_undo_is_reviewed_where_a_new_move_would_be_denied(price, trigger, outcome):
    """Setting an earlier price back may be a large move; a person looks at it."""
    assert decide("repricing/policy.toml", price=price, trigger=trigger) == outcome
