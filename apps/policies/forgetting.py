"""Deleting the decisions of a workspace; its policies stay."""

from collections import Counter
from uuid import UUID

from apps.accounts import forgetting
from apps.policies.models import Decision


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` decisions, newest first; the counts, empty at the end."""
    return forgetting.take([Decision.objects.filter(workspace_id=workspace_id)], most=most)
