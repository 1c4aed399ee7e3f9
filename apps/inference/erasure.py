"""Deleting the recorded model calls of a workspace and what they might cost; its tiers stay."""

from collections import Counter
from uuid import UUID

from apps.accounts import erasure
from apps.inference.models import Breaker, Budget, Call


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` calls and budgets, newest first; the counts, empty at the end."""
    calls = Call.objects.filter(workspace_id=workspace_id)
    budgets = Budget.objects.filter(workspace_id=workspace_id)
    breakers = Breaker.objects.filter(workspace_id=workspace_id)
    return erasure.take([calls, budgets, breakers], most=most)
