"""Putting a proposal before people again when what it rests on has changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.audit.kinds import Kind
from apps.audit.operations import record_all
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.judge import judge, proposal_fact, update, verdicts


def changes_with_proposal(proposal: Proposal) -> list[Change]:
    """The proposal's changes in order, each knowing this very proposal."""
    changes = list(proposal.changes.select_related("connector").order_by("position"))
    for change in changes:
        change.proposal = proposal
    return changes


def give_back(
    proposal: Proposal, changes: Sequence[Change], what: list[dict[str, Any]], *, now: datetime
) -> None:
    """Decide anew; what policy would allow waits for a person all the same.

    `what` lists the changed fields ({field, before, after}). Runs in the caller's transaction.
    """
    proposal.revision += 1
    proposal.returned = what
    judge([proposal], changes, now=now)
    if proposal.state == State.APPROVED:
        proposal.state, proposal.reviewers = State.WAITING, 1
    update([proposal], changes)
    returned = proposal_fact(
        Kind.PROPOSAL_RETURNED, proposal, by="gateway", changed=what, title=proposal.title
    )
    record_all([returned, *verdicts(proposal, changes)], now=now)
