"""Deadlines: who should have decided is told once that nobody has."""

from datetime import datetime

from django.db import transaction

from apps.audit.events.proposals import ProposalEscalated
from apps.audit.operations import record_all
from apps.proposals.models import Proposal, State
from apps.proposals.operations.judge import proposal_fact


@transaction.atomic
def escalate(*, now: datetime, limit: int = 200) -> int:
    """Say of each waiting proposal whose deadline has passed that it has; return how many (sweep).

    Once for each time it begins to wait.
    """
    late = list(
        Proposal.objects.select_for_update(skip_locked=True)
        .filter(state=State.WAITING, escalated_at__isnull=True, due_at__lte=now)
        .order_by("due_at")[:limit]
    )
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in late]).update(escalated_at=now)
    record_all(
        [
            proposal_fact(
                ProposalEscalated(
                    revision=proposal.revision,
                    title=proposal.title,
                    due_at=proposal.due_at.isoformat() if proposal.due_at else "",
                ),
                proposal,
                by="clock",
            )
            for proposal in late
        ],
        now=now,
    )  # fmt: skip
    return len(late)
