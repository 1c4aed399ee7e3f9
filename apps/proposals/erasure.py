"""Deleting the proposals of a workspace with what hangs on them."""

from collections import Counter
from uuid import UUID

from apps.accounts import erasure
from apps.proposals.models import Change, Proposal


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` changes and proposals, newest first; the counts, empty at the end.

    Reviews, questions and the like go with their proposal.
    """
    changes = Change.objects.filter(workspace_id=workspace_id)
    # What a change makes up for is older, and may be deleted together with it
    changes.exclude(compensates=None).update(compensates=None)
    proposals = Proposal.objects.filter(workspace_id=workspace_id)
    return erasure.take([changes, proposals], most=most)
