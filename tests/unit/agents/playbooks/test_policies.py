"""The policies a workspace starts with decide as their descriptions say."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from apps.agents import playbooks
from apps.policies import facts
from apps.policies.cel import Outcome, Rule, Ruleset, combine

FOLDER = Path(playbooks.__file__).parent


def decide(policy: str, *, price: str, trigger: str = "schedule", cost: str = "5.00") -> Outcome:
    """What the shipped policy says of a price of 10.00 EUR becoming `price`."""
    content = tomllib.loads((FOLDER / policy).read_text())
    rules = Ruleset([Rule.model_validate(rule) for rule in content["rules"]], content["limits"])
    seen = facts.facts_of(
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


def of_text(policy: str, action: str, text: str, **given: Any) -> str:
    """The rule of a shipped policy that denies such a text; empty if none does.

    `trigger` is how it came, `links_to` are the sites that may be linked to.
    """
    content = tomllib.loads((FOLDER / policy).read_text())
    limits = content["limits"] | {key: value for key, value in given.items() if key == "links_to"}
    rules = Ruleset([Rule.model_validate(rule) for rule in content["rules"]], limits)
    params = {"to": "ada@buyers.example", "subject": "Your order", "body": text,
              "description": text}  # fmt: skip
    seen = facts.facts_of(action=action, connector="medusa", risk="low", reversibility="final",
                          params=params, before={}, after={},
                          trigger=given.get("trigger", "api"))  # fmt: skip
    verdict = combine(rules.evaluate(seen))
    return verdict.deciding.rule if verdict.outcome == Outcome.DENY and verdict.deciding else ""


@pytest.mark.parametrize(
    ("policy", "action"),
    [("refund_desk/policy.toml", "send_message"), ("catalogue_policy.toml", "update_product")],
)
def test_a_list_of_people_never_leaves(policy: str, action: str) -> None:
    """Ten addresses may stand in a text, as in a long thread; of eleven none is proposed at all."""
    ten = "\n".join(f"customer{place % 10}@buyers.example" for place in range(20))
    assert of_text(policy, action, ten) == ""
    assert of_text(policy, action, f"{ten} mallory@evil.example") == "list of people"
    assert of_text(policy, action, f"{ten} mallory@evil.example", trigger="schedule")


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Confirm at https://evil.example/pay.", True),
        ("Look at https://shop.example and http://evil.example", True),
        ("It is at https://shop.example/orders/7 or www.shop.example.", False),
        ("See evil.example, invoice.pdf.", False),
        ("No link at all.", False),
    ],
)
def test_links_from_outside_lead_to_sites_that_are_written_down(text: str, denied: bool) -> None:
    """What is no plain link a person sees; without a site written down no link passes."""
    desk = "refund_desk/policy.toml"
    found = of_text(desk, "send_message", text, links_to=["shop.example"])
    assert bool(found) == denied
    assert bool(of_text(desk, "send_message", text)) == ("://" in text or "www." in text)


@pytest.mark.parametrize("trigger", ["schedule", "event", "person", "undo"])
def test_links_of_people_and_our_own_agents_are_for_people(trigger: str) -> None:
    """They wait like before."""
    text = "Confirm at https://parcels.example/7."
    assert of_text("refund_desk/policy.toml", "send_message", text, trigger=trigger) == ""
