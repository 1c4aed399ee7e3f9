"""Deleting the decisions of a workspace and what they count; its policies stay."""

from collections import Counter
from uuid import UUID

from apps.accounts import erasure
from apps.policies.models import Decision, Place, Tally


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` rows, newest first; the counts, empty at the end."""
    rows = [model.objects.filter(workspace_id=workspace_id) for model in (Decision, Place, Tally)]
    return erasure.take(rows, most=most)
