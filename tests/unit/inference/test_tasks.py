"""Upkeep runs to its end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.inference import tasks
from apps.inference.models import Call


@pytest.mark.parametrize("count", [0, 3])
def test_release_settles_every_overdue_call(workspace: Workspace, count: int) -> None:
    """And leaves the one that is still under way."""
    now = timezone.now()
    for minutes in [*([-1] * count), 1]:
        Call.objects.create(
            workspace=workspace, at=now, overdue_at=now + timedelta(minutes=minutes)
        )
    tasks.release()
    assert Call.objects.filter(outcome="lost").count() == count
    assert Call.objects.filter(outcome="started").count() == 1
