"""How things stand this moment."""

from datetime import timedelta

import pytest

from apps.gateway.models import Breaker, Circuit
from apps.insights.standing import standing
from apps.proposals.models import State
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db


def test_what_is_open(
    cast, connector, policy, workspace, elsewhere, now, django_assert_num_queries
):
    """What waits and since when, what needs a person, and breakers; nothing from elsewhere."""
    propose(workspace, "50", now=now - timedelta(hours=3))
    propose(workspace, "60", now=now)
    stuck = propose(workspace, "70", now=now - timedelta(days=3))
    stuck.state = State.NEEDS_PERSON
    stuck.save()
    Breaker.objects.create(connector=connector, workspace=workspace, circuit=Circuit.OPEN)
    with django_assert_num_queries(4):
        found = standing(workspace.pk)
    assert (found.waiting, found.needs_person, found.unknown, found.breakers) == (2, 1, 0, 1)
    assert found.oldest == now - timedelta(hours=3)
    assert standing(elsewhere.pk).oldest is None
