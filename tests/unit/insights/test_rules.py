"""Rules that ask people for a yes they nearly always give."""

from datetime import timedelta

import pytest

from apps.insights.rules import standings
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import Review
from tests.conftest import LIMITS, RULES
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db
ASKING = "larger amounts wait"


def approve(workspace, user, now, *, times, edited=()):
    """Proposals a rule sends to a person, all approved."""
    for _ in range(times):
        one = propose(workspace, "50", now=now)
        operations.approve(proposal_id=one.pk, user=user, binding=one.binding, now=now)
    newest = Review.objects.order_by("-id").values("pk")[: len(edited)]
    Review.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).update(
        edited=[{"field": "amount"}]
    )


def test_a_rule_is_nearly_always_approved_from_fifty_verdicts_on(
    cast, connector, policy, workspace, elsewhere, now, django_assert_num_queries
):
    """Forty-nine are not enough; what somebody edited was not approved unchanged."""
    approve(workspace, cast.rita, now, times=49)
    [one] = standings(workspace.pk)
    assert (one.rule, one.version, one.unchanged.n) == (ASKING, policy, 49)
    assert not one.nearly_always
    approve(workspace, cast.rita, now + timedelta(minutes=1), times=1)
    with django_assert_num_queries(2):
        [one] = standings(workspace.pk)
    assert one.nearly_always
    approve(workspace, cast.rita, now + timedelta(minutes=2), times=5, edited=range(3))
    [one] = standings(workspace.pk)
    assert (one.unchanged.part, one.unchanged.n) == (52, 55)
    assert not one.nearly_always
    assert standings(elsewhere.pk) == []


def test_a_changed_policy_begins_anew(cast, connector, policy, workspace, now):
    """Verdicts on what an older version sent say nothing about the one in force."""
    approve(workspace, cast.rita, now, times=2)
    newer = policies.draft(workspace=workspace, name="Guardrails", rules=RULES,
                           limits={**LIMITS, "auto_up_to": 20}, by="test", now=now)  # fmt: skip
    policies.publish(version=newer, by="test", now=now)
    assert standings(workspace.pk) == []
