"""How connectors stand, in four queries whatever there is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.gateway.models import Connector, Execution, State
from apps.insights.connectors import first_id, standing
from apps.proposals import operations
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db


def test_each_with_its_own(connector, policy, workspace, now, django_assert_num_queries):
    """Counts by state, the last proof and the last error; nothing of another connector."""
    Connector.objects.create(workspace=workspace, name="idle", kind="null", address="x",
                             changed_at=now)  # fmt: skip
    at = timezone.now()
    for _ in range(4):
        propose(workspace, "5", now=at)
    operations.execute(worker="w", clock=timezone.now)
    _first, second, third, fourth = Execution.objects.order_by("id")
    failure = {"state": State.UNKNOWN, "error": "Reset.", "finished_at": None, "receipt": None}
    Execution.objects.filter(pk=third.pk).update(**failure)
    Execution.objects.filter(pk=fourth.pk).update(**failure | {"state": State.DUE, "error": ""})
    with django_assert_num_queries(4):
        idle, busy = standing(workspace.pk, now=timezone.now())
    assert (idle.connector.name, idle.waiting, idle.last_done, idle.done_lately) == (
        "idle",
        {},
        None,
        0,
    )
    assert busy.waiting == {"unknown": 1, "due": 1}
    assert busy.done_lately == 2
    assert (busy.last_done.id, busy.last_done.at) == (second.pk, second.finished_at)
    assert (busy.last_error.id, busy.last_error.error) == (third.pk, "Reset.")
    later = timezone.now() + timedelta(hours=2)
    assert standing(workspace.pk, now=later)[1].done_lately == 0


def test_ids_begin_with_their_moment(connector, policy, workspace):
    """Rows made before and after a moment lie on both sides of its first id."""
    propose(workspace, "5", now=timezone.now())
    made = Execution.objects.get()
    assert first_id(made.created_at - timedelta(seconds=1)) < made.pk
    assert first_id(timezone.now() + timedelta(seconds=1)) > made.pk
