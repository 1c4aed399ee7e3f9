"""Claims: one person decides a proposal at a time; a claim that is not kept alive lapses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.audit.events.proposals import ProposalClaimed
from apps.audit.operations import Fact, record_all
from apps.proposals.models import Change, Proposal
from apps.proposals.operations.judge import proposal_fact
from apps.proposals.operations.preconditions import (
    AlreadyDecided,
    NotAuthorised,
    check_free,
    enter,
    free,
)
from apps.proposals.operations.restore import open_changes
from apps.proposals.queries import FOR_A_PERSON, why_not

CLAIM_LEASE = timedelta(minutes=2)  # the browser keeps it every 40 seconds
CLAIM_FIELDS = ("claimed_by", "claimed_until")


@transaction.atomic
def claim(*, proposal_id: UUID, user: User, now: datetime) -> Proposal:
    """Hold the proposal for this person for `CLAIM_LEASE`; the holder's again extends it.

    Only who may decide it. Raises `Claimed`, `AlreadyDecided`, `NotAuthorised`.
    """
    proposal, held = enter(proposal_id, user=user, now=now)
    check_free(proposal, user=user, now=now)
    check_undecided(proposal, user)
    changes: Sequence[Change] = open_changes(proposal) or list(proposal.changes.all())
    if objection := why_not(user, proposal, changes, held=held):
        raise NotAuthorised(objection)
    facts: list[Fact] = []
    if proposal.claimed_by_id != user.pk:
        facts += free(proposal, now=now, reason="lapsed")
        until = (now + CLAIM_LEASE).isoformat()
        claimed = ProposalClaimed(revision=proposal.revision, until=until)
        facts.append(proposal_fact(claimed, proposal, by=user.actor))
    proposal.claimed_by, proposal.claimed_until = user, now + CLAIM_LEASE
    proposal.save(update_fields=CLAIM_FIELDS)
    record_all(facts, now=now)
    return proposal


def check_undecided(proposal: Proposal, user: User) -> None:
    """Refuse who has judged this very binding before. Raises `AlreadyDecided`."""
    if proposal.reviewers < 2:
        return
    if proposal.reviews.filter(reviewer=user, binding=proposal.binding).exists():
        raise AlreadyDecided("You have already decided this; it waits for somebody else.")


def renew(*, proposal_id: UUID, user: User, now: datetime) -> bool:
    """Extend the person's own claim; False if they hold it no more. Records no event."""
    mine = Proposal.objects.filter(pk=proposal_id, claimed_by=user, state__in=FOR_A_PERSON)
    return mine.update(claimed_until=now + CLAIM_LEASE) == 1


@transaction.atomic
def release(*, proposal_id: UUID, user: User, now: datetime) -> bool:
    """Give the person's own claim up; False if they hold none, and then nothing is changed."""
    mine = Proposal.objects.select_for_update().filter(pk=proposal_id, claimed_by=user)
    if (proposal := mine.first()) is None:
        return False
    facts = free(proposal, now=now, reason="released", user=user)
    proposal.save(update_fields=CLAIM_FIELDS)
    record_all(facts, now=now)
    return True


@transaction.atomic
def lapse(*, now: datetime, limit: int = 200) -> int:
    """Free what is held by somebody who has not kept it; return how many (sweep)."""
    overdue = list(
        Proposal.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("claimed_by")
        .filter(claimed_until__lte=now)
        .order_by("claimed_until")[:limit]
    )
    facts = [fact for proposal in overdue for fact in free(proposal, now=now, reason="lapsed")]
    Proposal.objects.filter(pk__in=[proposal.pk for proposal in overdue]).update(
        claimed_by=None, claimed_until=None
    )
    record_all(facts, now=now)
    return len(overdue)
