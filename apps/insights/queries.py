"""What happened in a workspace lately: the figures the console shows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from apps.proposals.models import Proposal, Review, State


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Proposals made since a moment, by what became of them.

    `by_policy` were carried out without a person; `reviewed` is how many a person decided.
    """

    since: datetime
    made: int
    waiting: int
    by_policy: int
    denied: int
    reviewed: int


def overview(workspace_id: UUID, *, since: datetime) -> Overview:
    """The figures since `since`; two queries."""
    recent = Proposal.objects.filter(workspace_id=workspace_id, created_at__gte=since)
    figures = recent.aggregate(
        made=Count("pk"),
        waiting=Count("pk", filter=Q(state=State.WAITING)),
        by_policy=Count("pk", filter=Q(state=State.DONE, reviewers=0)),
        denied=Count("pk", filter=Q(state=State.DENIED)),
    )
    reviewed = Review.objects.filter(workspace_id=workspace_id, at__gte=since).count()
    return Overview(since=since, reviewed=reviewed, **figures)
