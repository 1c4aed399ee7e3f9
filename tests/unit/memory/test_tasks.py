"""Upkeep runs until nothing is left."""

from datetime import timedelta

from django.utils import timezone

from apps.accounts.models import Workspace
from apps.memory import tasks
from apps.memory.models import Item
from tests.factories.memory import item


def test_embed_leaves_nothing_pending(workspace: Workspace) -> None:
    """Also more than one batch."""
    for number in range(70):
        item(workspace, f"n {number}", now=timezone.now())
    tasks.embed()
    assert not Item.objects.filter(embedding=None).exists()


def test_retain_forgets_all_that_expired(workspace: Workspace) -> None:
    """And nothing else."""
    now = timezone.now()
    for days in (-2, -1, 1):
        item(workspace, f"day {days}", now=now, expires_at=now + timedelta(days=days))
    tasks.retain()
    assert list(Item.objects.exclude(text="").values_list("text", flat=True)) == ["day 1"]
