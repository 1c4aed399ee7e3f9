"""Skipping: this one later, in my own order of the queue only."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.audit.operations import record_all
from apps.proposals.models import Proposal, Skip
from apps.proposals.operations.claim import CLAIM_FIELDS
from apps.proposals.operations.preconditions import enter, free
from apps.proposals.queries import FOR_A_PERSON


@transaction.atomic
def skip(*, proposal_id: UUID, user: User, now: datetime) -> Proposal:
    """Put it behind all others for this person, and free it if they hold it.

    Raises `AlreadyDecided`, `NotAuthorised`.
    """
    proposal, _ = enter(proposal_id, user=user, now=now)
    Skip.objects.update_or_create(
        proposal=proposal,
        user=user,
        defaults={"at": now},
        create_defaults={"at": now, "workspace_id": proposal.workspace_id},
    )
    if proposal.claimed_by_id == user.pk:
        facts = free(proposal, now=now, reason="skipped", user=user)
        proposal.save(update_fields=CLAIM_FIELDS)
        record_all(facts, now=now)
    return proposal


def drop_skips(*, limit: int = 1_000) -> int:
    """Forget the skips of what waits for nobody any more; return how many (sweep).

    The queue joins a person's skips: they are as many as are open, not as many as ever were.
    """
    over = Skip.objects.exclude(proposal__state__in=FOR_A_PERSON).values("pk")[:limit]
    return Skip.objects.filter(pk__in=over).delete()[0]
