"""Taking up again what was set aside before anything was called."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.accounts.permissions import can
from apps.gateway import queries as gateway
from apps.gateway.models import State as ExecutionState
from apps.proposals.models import Proposal, State
from apps.proposals.operations.preconditions import AlreadyDecided, NotAuthorised
from apps.proposals.operations.restore import give_back, open_changes
from apps.proposals.operations.submit import InvalidDraft


class NothingToRepair(Exception):
    """Only what was set aside before it was called can be put before a reviewer again."""


@transaction.atomic
def resubmit(*, proposal_id: UUID, user: User, reason: str, now: datetime) -> Proposal:
    """Put a proposal whose execution was parked before a reviewer again, as a new revision.

    Nothing has been called, so nothing can happen twice. Raises `NotAuthorised`,
    `AlreadyDecided`, `NothingToRepair`, `InvalidDraft` without a reason.
    """
    proposal = Proposal.objects.select_for_update().get(pk=proposal_id)
    if not can(user, "run", proposal.workspace_id):
        raise NotAuthorised("Only operators and owners repair stuck work.")
    if proposal.state != State.NEEDS_PERSON:
        raise AlreadyDecided(f"Nothing is stuck here: {proposal.get_state_display()}.")
    if not reason.strip():
        raise InvalidDraft("Say what was done about it.", [{"field": "reason", "problem": "empty"}])
    changes = open_changes(proposal)
    executions = gateway.executions_of([change.pk for change in changes])
    states = {execution.state for execution in executions.values()}
    if states != {ExecutionState.PARKED}:
        raise NothingToRepair(NothingToRepair.__doc__)
    what = {"field": "execution", "before": "set aside", "after": f"taken up again: {reason}"}
    give_back(proposal, changes, [what], by=user.actor, now=now)
    return proposal
