"""Tasks: what takes long goes on in a call of its own."""

import pytest

from apps.audit.models import Cursor, Entry
from apps.audit.operations import sequence
from apps.notifications import tasks
from apps.notifications.operations.notify import BATCH, READER
from apps.proposals import operations as proposals
from tests.factories.proposals import AGENT, draft

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_long_log_does_not_hold_up_the_sweep(
    cast, workspace, connector, policy, now, monkeypatch
):
    """Without patience one batch is read, and the next call goes on behind it."""
    proposals.submit(
        workspace=workspace, drafts=[draft("15") for _ in range(BATCH // 2)], origin=AGENT, now=now
    )
    sequence()
    last = Entry.objects.latest("index").index
    assert last > BATCH
    monkeypatch.setattr(tasks, "PATIENCE", 0.0)
    tasks.notify()
    assert Cursor.objects.get(name=READER).index == BATCH
    while Cursor.objects.get(name=READER).index < last:
        tasks.notify()
