"""Deleting what the agents of a workspace have learnt."""

from collections import Counter
from uuid import UUID

from apps.accounts import erasure
from apps.memory.models import Item


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` items, newer versions first; the counts, empty at the end."""
    return erasure.take([Item.objects.filter(workspace_id=workspace_id)], most=most)
