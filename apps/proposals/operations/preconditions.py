"""Who may lay hands on a proposal that waits: the lock, the right to review, another's claim."""

from datetime import datetime
from uuid import UUID

from apps.accounts.models import User
from apps.accounts.permissions import Rights, rights
from apps.audit.events.proposals import ProposalReleased
from apps.audit.operations import Fact
from apps.proposals.models import Proposal, State
from apps.proposals.operations import statements
from apps.proposals.operations.judge import proposal_fact
from apps.proposals.queries import FOR_A_PERSON


class AlreadyDecided(Exception):
    """Somebody has decided this proposal, or it has expired. Nothing was changed."""


class StaleApproval(Exception):
    """The proposal is not what you saw any more. Look at it again and decide anew."""


class NotAuthorised(Exception):
    """You may not decide this. Ask somebody whose authority covers it."""


class SignInNeeded(Exception):
    """This is high risk: sign in and decide it in the console. Nothing was changed."""


class Claimed(Exception):
    """Somebody else is deciding this: `by` (a name) holds it until `until`. You can read it."""

    def __init__(self, by: str, until: datetime) -> None:
        super().__init__(
            f"{by} is deciding this until {until:%H:%M:%S} UTC. Read it, or take another one."
        )
        self.by, self.until = by, until


def enter(proposal_id: UUID, *, user: User, now: datetime) -> tuple[Proposal, Rights]:
    """The proposal, locked, and the rights of a person who may review what waits for one.

    Raises `Proposal.DoesNotExist`, `NotAuthorised`, `AlreadyDecided`.
    """
    proposal = statements.locked(proposal_id)
    held = reviewer_rights(user, proposal)
    check_open(proposal, now=now)
    return proposal, held


def reviewer_rights(user: User, proposal: Proposal) -> Rights:
    """What the person may do in the proposal's workspace. Raises `NotAuthorised`."""
    held = rights(user, proposal.workspace_id)
    if not held.can("review"):
        raise NotAuthorised("You are not a reviewer of this workspace.")
    return held


def check_open(proposal: Proposal, *, now: datetime) -> None:
    """Refuse what no person has to look at any more. Raises `AlreadyDecided`."""
    if proposal.state not in FOR_A_PERSON:
        raise AlreadyDecided(f"This proposal is no longer open: {proposal.get_state_display()}.")
    if proposal.state == State.WAITING and proposal.expires_at <= now:
        raise AlreadyDecided("This proposal has expired; the action is not done.")


def check_free(proposal: Proposal, *, user: User, now: datetime) -> None:
    """Refuse what another person holds. Raises `Claimed`."""
    until = proposal.claimed_until
    if until is None or until <= now or proposal.claimed_by_id in (None, user.pk):
        return
    raise Claimed(str(proposal.claimed_by), until)


def free(proposal: Proposal, *, now: datetime, reason: str, user: User | None = None) -> list[Fact]:
    """Take the claim off a locked proposal, not saved yet; the event that tells of it, if any.

    `user` is who does it, if a person does. A claim that has lapsed is told as that, whatever the
    `reason`.
    """
    until, holder_id = proposal.claimed_until, proposal.claimed_by_id
    if until is None:
        return []
    mine = user is not None and user.pk == holder_id
    holder = user if mine else proposal.claimed_by
    proposal.claimed_by = proposal.claimed_until = None
    over = until <= now
    return [
        proposal_fact(
            ProposalReleased(
                revision=proposal.revision,
                reason="lapsed" if over else reason,
                holder=holder.actor if holder else "",
            ),
            proposal,
            by="clock" if over or user is None else user.actor,
        )
    ]
