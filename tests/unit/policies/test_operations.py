"""Versions: numbered, published one at a time, and immutable from then on."""

import pytest
from django.db import DatabaseError, transaction

from apps.audit.models import Event
from apps.policies import operations, queries
from apps.policies.cel import InvalidRule
from apps.policies.models import Stage, Version
from tests.conftest import LIMITS, RULES

pytestmark = pytest.mark.django_db


def draft(workspace, now, rules=RULES, **limits):
    return operations.draft(workspace=workspace, name="Guardrails", rules=rules,
                            limits=LIMITS | limits, by="user:1", now=now)  # fmt: skip


def test_publishing_retires_the_version_before(workspace, policy, now):
    """One version decides; the numbers count on; the event names the version."""
    second = draft(workspace, now, most=2000)
    operations.publish(version=second, by="user:1", now=now)
    assert dict(Version.objects.values_list("number", "stage")) == {
        1: Stage.RETIRED,
        2: Stage.ACTIVE,
    }
    assert Event.objects.filter(kind="policy.published", actor="user:1").count() == 1


@pytest.mark.parametrize("field", ["rules", "limits", "actions", "digest", "number"])
def test_the_database_refuses_to_change_a_published_version(policy, field):
    """Whoever asks, and however."""
    value = {"number": 9, "digest": "0"}.get(field, ["x"])
    with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
        Version.objects.filter(pk=policy.pk).update(**{field: value})


def test_a_version_is_published_once(policy, now):
    """What has been published is not published again."""
    with pytest.raises(ValueError, match="not a draft"):
        operations.publish(version=policy, by="t", now=now)


def test_a_rule_that_does_not_compile_makes_no_draft(workspace, now):
    """Nothing is stored of a version with a typo in it."""
    with pytest.raises(InvalidRule, match="amuont"):
        draft(workspace, now, rules=[{**RULES[0], "when": "amuont > 1.0"}])
    assert not Version.objects.exists()


def test_a_retired_policy_allows_nothing(workspace, policy, now):
    """What only it allowed is denied from now on."""
    operations.retire(policy=policy.policy, by="t", now=now)
    assert queries.guardrails(workspace.pk).versions == ()


def test_the_basis_is_that_of_the_action(workspace, policy, now):
    """A policy about refunds is part of what decides refunds, not of what decides prices."""
    before = queries.basis(workspace.pk)
    rule = {**RULES[0], "actions": ["refund_payment"]}
    version = operations.draft(workspace=workspace, name="Refunds", rules=[rule], limits=LIMITS,
                               by="t", now=now)  # fmt: skip
    operations.publish(version=version, by="t", now=now)
    after = queries.basis(workspace.pk)
    assert before("set_price") == after("set_price")
    assert before("refund_payment") != after("refund_payment")
    assert queries.guardrails(workspace.pk).basis("set_price") == after("set_price")
