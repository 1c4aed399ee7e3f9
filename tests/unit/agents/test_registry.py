"""The playbooks and the policies they come with."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.playbooks import registry
from apps.gateway.catalogue import ACTIONS
from apps.policies.cel import Outcome, Rule, Ruleset, combine
from apps.policies.exchange import Rate, Rates
from apps.policies.facts import Facts
from apps.policies.measure import Market

TODAY = date(2026, 11, 21)
RATES = Market(
    currency="EUR",
    rates=Rates([
        Rate(base="EUR", quote="JPY", rate=Decimal(160), as_of=TODAY, source="ECB"),
        Rate(base="EUR", quote="KWD", rate=Decimal("0.32"), as_of=TODAY, source="ECB"),
    ]),
    today=TODAY,
)  # fmt: skip


def verdict(action: str, market: Market | None = None, /, **facts: Any) -> tuple[Outcome, int]:
    """What all default policies together say, and how many people they ask for."""
    known = Facts(action=action, connector="medusa", risk="high", reversibility="final", **facts)
    rulesets = [
        Ruleset([Rule.model_validate(rule) for rule in policy.rules], policy.limits)
        for policy in registry.default_policies()
    ]
    combined = combine([fired for ruleset in rulesets for fired in ruleset.evaluate(known, market)])
    assert not [fired for fired in combined.fired if fired.error]
    return combined.outcome, combined.reviewers


@pytest.mark.parametrize(
    ("change", "margin", "expected"),
    [
        (-5.0, 40.0, Outcome.ALLOW),
        (5.0, 40.0, Outcome.ALLOW),
        (0.0, 10.0, Outcome.ALLOW),
        (-5.01, 40.0, Outcome.REVIEW),
        (5.01, 40.0, Outcome.REVIEW),
        (-30.0, 40.0, Outcome.REVIEW),
        (-30.01, 40.0, Outcome.DENY),
        (30.01, 40.0, Outcome.DENY),
        (-2.0, 9.99, Outcome.DENY),
        (-2.0, None, Outcome.REVIEW),  # no cost, no margin
        (None, 40.0, Outcome.REVIEW),  # a first price
    ],
)
def test_prices(change: float | None, margin: float | None, expected: Outcome) -> None:
    """Small moves pass, larger ones wait, extreme ones and those without margin are denied."""
    facts = {
        "change_percent": change or 0.0,
        "has_change": change is not None,
        "margin_percent": margin or 0.0,
        "has_margin": margin is not None,
    }
    assert verdict("set_price", **facts)[0] == expected


@pytest.mark.parametrize(
    ("amount", "confidence", "playbook", "expected"),
    [
        (10.0, 0.95, "refund_desk", (Outcome.ALLOW, 0)),
        (10.01, 0.95, "refund_desk", (Outcome.REVIEW, 1)),
        (5.0, 0.94, "refund_desk", (Outcome.REVIEW, 1)),
        (5.0, 1.0, "", (Outcome.REVIEW, 1)),  # an integrator's refund always waits
        (200.0, 0.95, "refund_desk", (Outcome.REVIEW, 1)),
        (200.01, 0.95, "refund_desk", (Outcome.REVIEW, 2)),
        (500.0, 0.95, "refund_desk", (Outcome.REVIEW, 2)),
        (500.01, 0.95, "refund_desk", (Outcome.DENY, 0)),
    ],
)
def test_refunds(
    amount: float, confidence: float, playbook: str, expected: tuple[Outcome, int]
) -> None:
    """Every refund over the threshold waits; large ones for two people; huge ones are denied."""
    facts = {"total_amount": amount, "confidence": confidence, "playbook": playbook}
    assert verdict("refund_payment", has_amount=True, currency="EUR", **facts) == expected


@pytest.mark.parametrize(
    ("total", "currency", "expected"),
    [
        (4.0, "EUR", (Outcome.ALLOW, 0)),
        (4.0, "KWD", (Outcome.REVIEW, 1)),
        (4.0, "", (Outcome.REVIEW, 1)),
        (201.0, "KWD", (Outcome.REVIEW, 1)),  # how much that is nobody knows: a person decides
        (800_000.0, "JPY", (Outcome.REVIEW, 1)),
        (12.0, "EUR", (Outcome.REVIEW, 1)),  # three refunds of 4
        (501.0, "EUR", (Outcome.DENY, 0)),
    ],
)
def test_a_small_refund_is_small_in_euro_and_in_all(
    total: float, currency: str, expected: tuple[Outcome, int]
) -> None:
    """The threshold is in euro, and for all that the proposal gives back."""
    facts = {"amount": 4.0, "total_amount": total, "has_amount": True, "currency": currency}
    assert verdict("refund_payment", confidence=1.0, playbook="refund_desk", **facts) == expected


@pytest.mark.parametrize(
    ("total", "currency", "expected"),
    [
        (1.0, "JPY", (Outcome.REVIEW, 1)),  # another currency always waits
        (1600.0, "JPY", (Outcome.REVIEW, 1)),
        (8000.0, "JPY", (Outcome.REVIEW, 1)),
        (32_000.0, "JPY", (Outcome.REVIEW, 1)),  # 200 EUR
        (32_001.0, "JPY", (Outcome.REVIEW, 2)),
        (80_000.0, "JPY", (Outcome.REVIEW, 2)),  # 500 EUR
        (80_001.0, "JPY", (Outcome.DENY, 0)),
        (3.0, "KWD", (Outcome.REVIEW, 1)),
        (64.001, "KWD", (Outcome.REVIEW, 2)),
        (160.001, "KWD", (Outcome.DENY, 0)),
        (4.0, "EUR", (Outcome.ALLOW, 0)),
    ],
)
def test_a_refund_in_another_currency_is_judged_by_its_worth(
    total: float, currency: str, expected: tuple[Outcome, int]
) -> None:
    """With rates of today: it always waits, for two people above 200 EUR, and is denied above 500."""
    facts = {"amount": total, "total_amount": total, "has_amount": True, "currency": currency}
    said = verdict("refund_payment", RATES, confidence=1.0, playbook="refund_desk", **facts)
    assert said == expected


@pytest.mark.parametrize(
    ("confidence", "playbook", "expected"),
    [
        (0.95, "refund_desk", Outcome.ALLOW),
        (0.9, "refund_desk", Outcome.REVIEW),
        (1.0, "", Outcome.REVIEW),
        (1.0, "repricing", Outcome.REVIEW),
    ],
)
def test_messages(confidence: float, playbook: str, expected: Outcome) -> None:
    """Only the desk's own texts to messages read without doubt pass."""
    assert verdict("send_message", confidence=confidence, playbook=playbook)[0] == expected


@pytest.mark.parametrize("action", ["set_stock", "update_product", "cancel_order"])
def test_everything_else_waits(action: str) -> None:
    """Nothing of the catalogue is without a rule."""
    assert verdict(action)[0] == Outcome.REVIEW


def test_playbooks_only_propose_what_the_catalogue_has() -> None:
    """And each has settings with defaults."""
    for playbook in registry.PLAYBOOKS.values():
        assert playbook.actions <= set(ACTIONS)
        assert playbook.settings().batch > 0


def test_an_unknown_playbook_is_named() -> None:
    """With those there are."""
    with pytest.raises(registry.UnknownPlaybook, match=r"'magic'; known: repricing, refund_desk"):
        registry.playbook("magic")
