"""The figures of a day."""

from datetime import timedelta

import pytest

from apps.insights.queries import overview
from apps.proposals import operations
from apps.proposals.models import State
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db


def test_overview_counts_what_became_of_the_days_proposals(
    cast, connector, policy, workspace, elsewhere, now, django_assert_num_queries
):
    """By policy, denied, waiting and reviewed; nothing older, nothing from elsewhere."""
    propose(workspace, "5", now=now - timedelta(days=2))
    by_policy = propose(workspace, "5", now=now)
    by_policy.state = State.DONE
    by_policy.save()
    propose(workspace, "5000", now=now)
    propose(workspace, "50", now=now)
    decided = propose(workspace, "60", now=now)
    operations.approve(proposal_id=decided.pk, user=cast.rita, binding=decided.binding, now=now)
    with django_assert_num_queries(2):
        day = overview(workspace.pk, since=now - timedelta(hours=1))
    assert (day.made, day.by_policy, day.denied, day.waiting, day.reviewed) == (4, 1, 1, 1, 1)
    assert overview(elsewhere.pk, since=now).made == 0
