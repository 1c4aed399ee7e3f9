"""Cases nothing can be proposed for: a person is asked to look, without any action."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.events.proposals import ProposalReferred
from apps.audit.operations import record_all
from apps.proposals.changes import joint_binding
from apps.proposals.models import Change, Proposal, Risk, State
from apps.proposals.operations.judge import proposal_fact
from apps.proposals.operations.submit import Draft, Origin, new_proposal


@transaction.atomic
def refer(
    *, workspace: Workspace, draft: Draft, origin: Origin, reason: str, now: datetime
) -> Proposal:
    """Put a case before people in its proposer's words; the draft's changes are left out.

    It stands in the inbox until somebody says what became of it (`resolve`), and never expires:
    nothing is decided by waiting. No back end is asked, no target is held, no policy judges: this
    cannot fail for what made proposing fail.
    """
    proposal = new_proposal(workspace, draft, (), origin, now)
    proposal.state, proposal.risk = State.NEEDS_PERSON, Risk.MEDIUM
    proposal.binding = joint_binding([])
    proposal.save(force_insert=True)
    referred = ProposalReferred(
        revision=proposal.revision, title=proposal.title, reason=reason[:500]
    )
    record_all([proposal_fact(referred, proposal, by=origin.by)], now=now)
    return proposal


def is_referral(changes: Sequence[Change]) -> bool:
    """Whether a proposal with these changes only asks a person to look."""
    return not changes


def as_told(*, happened: bool) -> State:
    """How a referral ends by what a person says: seen to, or nothing to be done about it."""
    return State.DONE if happened else State.REJECTED
