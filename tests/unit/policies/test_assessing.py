"""What a version would change is found by comparison, and by trying it on what was decided."""

from typing import Any
from uuid import uuid4

import pytest

from apps.policies import assessing, operations
from apps.policies.assessing import Assessment, InForce, assess
from apps.policies.facts import Facts
from apps.policies.models import CurrencySetting, Decision
from tests.conftest import LIMITS, RULES

pytestmark = pytest.mark.django_db


@pytest.fixture
def try_it(workspace, policy, now) -> Any:
    """What the policy would change with other limits; five prices are decided before."""
    changes = [(uuid4(), priced(amount)) for amount in (5.0, 20.0, 30.0, 500.0, 2000.0)]
    operations.decide(workspace_id=workspace.pk, changes=changes, run_id=None, now=now)

    def run(rules: Any = RULES, **limits: Any) -> Assessment:
        return assess(workspace_id=workspace.pk, policy_id=policy.policy_id, rules=rules,
                      limits=LIMITS | limits, now=now)  # fmt: skip

    return run


def priced(amount: float) -> Facts:
    """A change of a price."""
    return Facts(action="set_price", connector="null", risk="low", currency="EUR",
                 reversibility="reversible", amount=amount, total_amount=amount,
                 has_amount=True)  # fmt: skip


def test_it_is_tried_on_what_was_decided(try_it) -> None:
    """Counted by how they were decided and would be, and for each rule."""
    found = try_it(auto_up_to=25).replayed
    assert found["recorded"] == 5
    assert found["moves"] == [["waits for a person", "is done without a person", 1]]
    assert dict(map(tuple, found["rules"]))["small amounts pass"]["matched"] == 2


def test_what_is_easier_on_recorded_changes_is_new(try_it, monkeypatch) -> None:
    """Even were the comparison of rules to miss it."""
    monkeypatch.setattr(assessing, "loosened", lambda before, after: [])
    assert try_it(auto_up_to=25).findings == ["set_price: recorded or typical changes go further"]
    assert try_it(auto_up_to=5).findings == []


def test_what_was_erased_is_not_tried(try_it) -> None:
    """A decision keeps what it must; the rest of its facts may be gone."""
    Decision.objects.update(facts={"action": "set_price"})
    assert try_it(auto_up_to=25).replayed["recorded"] == 0


@pytest.mark.parametrize("name", assessing.PERMISSIONS)
def test_a_permission_is_new_and_taken_back_at_once(try_it, workspace, policy, now, name) -> None:
    """No rule reads it; what else no rule reads is new whichever way it changes."""
    assert try_it(**{name: True}).findings == [f"The limit {name} changes, which no rule reads."]
    given = operations.draft(workspace=workspace, name="Guardrails", rules=RULES, by="t", now=now,
                             limits=LIMITS | {name: True, "odd": 1})  # fmt: skip
    operations.publish(version=given, by="t", now=now)
    assert try_it(**{name: False, "odd": 1}).findings == []
    assert try_it(odd=1).findings == []
    assert try_it(**{name: True}).findings == ["The limit odd changes, which no rule reads."]


def test_the_digest_is_of_versions_and_currency(workspace, policy) -> None:
    """Of all a comparison rests on."""
    before = InForce.of(workspace.pk).digest
    assert InForce.of(workspace.pk).digest == before
    setting = CurrencySetting.objects.create(workspace=workspace, currency="EUR")
    assert InForce.of(workspace.pk).digest == before
    setting.currency = "JPY"
    setting.save()
    assert InForce.of(workspace.pk).digest != before
