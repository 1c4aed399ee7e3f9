"""How things stand this moment."""

from datetime import timedelta

import pytest

from apps.agents.models import Agent, Run
from apps.gateway.models import Breaker, Circuit
from apps.insights.standing import standing
from apps.proposals.models import State
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db


def test_what_is_open(
    cast, connector, policy, workspace, elsewhere, now, django_assert_num_queries
):
    """What waits and since when, what needs a person, breakers, and agents that failed last."""
    propose(workspace, "50", now=now - timedelta(hours=3))
    propose(workspace, "60", now=now)
    stuck = propose(workspace, "70", now=now - timedelta(days=3))
    stuck.state = State.NEEDS_PERSON
    stuck.save()
    Breaker.objects.create(connector=connector, workspace=workspace, circuit=Circuit.OPEN)
    for name, states in (("Desk", ("failed", "done")), ("Prices", ("done", "failed"))):
        agent = Agent.objects.create(
            workspace=workspace, name=name, playbook="repricing", created_at=now
        )
        for state in states:
            Run.objects.create(workspace=workspace, agent=agent, trigger="t", started_by="t",
                               state=state, not_before=now, started_at=now, finished_at=now)  # fmt: skip
    with django_assert_num_queries(5):
        found = standing(workspace.pk)
    assert (found.waiting, found.needs_person, found.unknown, found.breakers) == (2, 1, 0, 1)
    assert found.failed == 1  # what failed before a run that did not is made up for
    assert found.oldest == now - timedelta(hours=3)
    assert standing(elsewhere.pk).oldest is None
