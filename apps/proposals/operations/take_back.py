"""Taking an approval back while its execution is held."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import can
from apps.audit import failpoints
from apps.gateway import operations as gateway
from apps.gateway import queries as outside
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.preconditions import AlreadyDecided, NotAuthorised
from apps.proposals.operations.restore import give_back, open_changes
from apps.proposals.queries import why_not_take_back


class TooLate(Exception):
    """Too late: it is being carried out. Once it is done, undo it instead."""


@transaction.atomic
def take_back(*, proposal_id: UUID, user: User, now: datetime) -> Proposal:
    """Cancel what an approval has set going, if no worker has begun it; it waits again.

    Nothing is called. For who approved it, who caused it, and reviewers whose authority covers
    it. Raises `AlreadyDecided`, `NotAuthorised`, `TooLate`.
    """
    proposal = Proposal.objects.select_for_update().get(pk=proposal_id)
    if not can(user, "review", proposal.workspace_id):
        raise NotAuthorised("You are not a reviewer of this workspace.")
    if proposal.state != State.APPROVED:
        raise AlreadyDecided(f"There is nothing to take back: {proposal.get_state_display()}.")
    changes = open_changes(proposal)
    check_concerned(user, proposal, changes)
    why = f"taken back by {user}"
    if not cancel(changes, by=user.actor, why=why, now=now):
        raise TooLate(TooLate.__doc__)
    failpoints.reach("taken_back")
    what = [{"field": "approval", "before": "given", "after": why}]
    give_back(proposal, changes, what, now=now, by=user.actor)
    return proposal


def check_concerned(user: User, proposal: Proposal, changes: Sequence[Change]) -> None:
    """Let pass who approved or caused it, else ask for the authority. Raises `NotAuthorised`."""
    approved = proposal.reviews.filter(
        reviewer=user, verdict="approve", binding=proposal.binding
    ).exists()
    if objection := why_not_take_back(user, proposal, changes, approved=approved):
        raise NotAuthorised(objection)


def cancel(changes: Sequence[Change], *, by: str, why: str, now: datetime) -> bool:
    """Cancel the execution of the first open change; False when a worker has it."""
    first = changes[0].pk  # the others are queued one after another
    execution = outside.executions_of([first]).get(first)
    return execution is not None and gateway.cancel(execution, by=by, why=why, now=now)
