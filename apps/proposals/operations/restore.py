"""Putting a proposal before people again when what it rests on has changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.audit.events.proposals import ProposalReturned, ProposalSettled, ProposalWoken
from apps.audit.operations import Fact, record_all
from apps.gateway import queries as gateway
from apps.proposals.deadlines import LIFETIME, due_at
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.compensation_outcome import follow
from apps.proposals.operations.judge import judge, proposal_fact, update, verdicts
from apps.proposals.operations.statements import changes_in
from apps.proposals.queries import HAPPENED

POLICY_CHANGED: dict[str, Any] = {
    "field": "policy",
    "before": "as decided",
    "after": "changed since",
}


def open_changes(proposal: Proposal) -> list[Change]:
    """The changes still to be carried out, in order, each knowing this very proposal.

    A set of several may have come back with the first ones proven done already.
    """
    changes = changes_in(proposal)
    if len(changes) == 1:
        return changes
    executions = gateway.executions_of([change.pk for change in changes])
    done = {pk for pk, execution in executions.items() if execution.state in HAPPENED}
    return [change for change in changes if change.pk not in done]


def end_without_effect(proposal: Proposal, state: State) -> State:
    """How a proposal ends that is not carried on: if a part of it is done, a person has to look."""
    remaining = open_changes(proposal)
    return State.NEEDS_PERSON if len(remaining) < proposal.changes.count() else state


def give_back(
    proposal: Proposal,
    changes: Sequence[Change],
    what: list[dict[str, Any]],
    *,
    now: datetime,
    by: str = "gateway",
) -> None:
    """Decide the open changes anew; what policy would allow waits for a person all the same.

    `what` lists the changed fields ({field, before, after}), `by` is whose doing it is. It has
    its whole time again, and is snoozed no longer. Runs in the caller's transaction.
    """
    proposal.revision += 1
    proposal.returned = what
    proposal.expires_at = max(proposal.expires_at, now + LIFETIME)
    proposal.due_at, proposal.escalated_at = due_at(proposal.risk, now=now), None
    awake = rouse(proposal, what, by=by)
    judge([proposal], changes, now=now, asking=[proposal.pk])
    if proposal.state == State.APPROVED:
        proposal.state, proposal.reviewers = State.WAITING, 1
    elif proposal.state == State.DENIED:
        proposal.state = end_without_effect(proposal, State.DENIED)
    update([proposal], changes)
    returned = ProposalReturned(revision=proposal.revision, title=proposal.title, changed=what)
    told = proposal_fact(returned, proposal, by=by)
    record_all([*awake, told, *verdicts(proposal, changes), *halves(proposal)], now=now)
    if proposal.state != State.WAITING:
        follow([proposal], now=now)


def rouse(proposal: Proposal, what: list[dict[str, Any]], *, by: str) -> list[Fact]:
    """Take a snooze off, not saved yet, because the proposal has changed; its event, if any."""
    if proposal.snoozed_until is None:
        return []
    proposal.snoozed_by = proposal.snoozed_until = None
    proposal.wakes_on_change = False
    woken = ProposalWoken(revision=proposal.revision, reason="change", changed=what)
    return [proposal_fact(woken, proposal, by=by)]


def halves(proposal: Proposal) -> list[Fact]:
    """The event that a half-done change set has come to its end, if this one has."""
    if proposal.state != State.NEEDS_PERSON:
        return []
    settled = ProposalSettled(
        revision=proposal.revision, title=proposal.title, state=proposal.state
    )
    return [proposal_fact(settled, proposal, by="gateway")]
