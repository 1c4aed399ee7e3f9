"""From approval to effect: have the gateway execute, then settle what became of it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction

from apps.audit import failpoints
from apps.audit.events.proposals import ProposalExpired, ProposalSettled
from apps.audit.operations import record_all
from apps.gateway import operations as gateway
from apps.gateway import queries as outside
from apps.gateway.errors import Refused
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.policies import operations as deciding
from apps.policies import queries as policies
from apps.proposals.changes import diff
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.compensation_outcome import follow
from apps.proposals.operations.counted import balance
from apps.proposals.operations.judge import bind, proposal_fact, schedule
from apps.proposals.operations.restore import (
    POLICY_CHANGED,
    end_without_effect,
    give_back,
    open_changes,
)
from apps.proposals.progress import proceed

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
SETTLED = (
    ExecutionState.DONE,
    ExecutionState.REFUSED,
    ExecutionState.PARKED,
    ExecutionState.NEEDS_PERSON,
)


def execute(*, worker: str, clock: Clock, limit: int = 50) -> int:
    """Carry out due executions whose approval still holds; return how many were taken."""
    claimed = gateway.claim(worker=worker, now=clock(), limit=limit)
    failpoints.reach("after_claim")
    gateway.carry_out(claimed, permit=still_approved, worker=worker, clock=clock)
    return len(claimed)


def turn(*, now: datetime) -> float | None:
    """In how many seconds the gateway may call what the last `execute` here had to leave."""
    return gateway.turn(now=now)


def still_approved(executions: Sequence[Execution]) -> set[UUID]:
    """Executions whose approval names exactly today's action, policy and proposal.

    Asked inside the transaction that commits the intent to call.
    """
    changes = Change.objects.select_related("proposal").in_bulk(
        [execution.subject_id for execution in executions]
    )
    workspaces = sorted({execution.workspace_id for execution in executions})
    for workspace_id in workspaces:
        deciding.hold(workspace_id)
    basis = {workspace_id: policies.basis(workspace_id) for workspace_id in workspaces}
    return {
        execution.pk
        for execution in executions
        if (change := changes.get(execution.subject_id)) is not None
        and change.proposal.state == State.APPROVED
        and execution.params == change.params
        and execution.binding == bind(change, basis[execution.workspace_id](change.action))
    }


@transaction.atomic
def settle(*, now: datetime, limit: int = 200) -> int:
    """Tell proposals what became of their executions; return how many executions were taken.

    A change set goes on with its next change, or ends.
    """
    finished = gateway.take_finished(states=SETTLED, limit=limit)
    affected = Change.objects.filter(pk__in=[execution.subject_id for execution in finished])
    proposals = (
        Proposal.objects.select_for_update(of=("self",))
        .filter(pk__in=affected.values("proposal_id"), state=State.APPROVED)
        .order_by("pk")
    )
    rows = Change.objects.filter(proposal__in=list(proposals))
    changes = list(rows.select_related("proposal", "connector").order_by("proposal", "position"))
    newest = outside.executions_of([change.pk for change in changes])
    following, ended, broken = [], [], []
    for _, group in groupby(changes, key=lambda change: change.proposal_id):
        own = list(group)
        step = proceed([newest[c.pk].state if c.pk in newest else None for c in own])
        if step.position is not None:
            following.append(own[step.position])
        elif step.end is not None:
            own[0].proposal.state, own[0].proposal.settled_at = State(step.end), now
            ended.append(own[0].proposal)
            if broke_off(own, newest):
                broken.append(own[0].proposal_id)
    schedule(following, by="gateway", now=now, begun=True)
    end(ended, now=now)
    Proposal.objects.filter(pk__in=broken).update(unwinding=True)
    if any(change.compensates_id for change in changes):
        follow(ended, now=now)
    balance(changes, now=now)
    failpoints.reach("before_settlement")
    return len(finished)


def broke_off(changes: Sequence[Change], newest: Mapping[UUID, Execution]) -> bool:
    """Whether a change set is done in part and cannot go on, and so is to be set back.

    Nothing of it is unproven: that a person has to look at first. An undo is not undone.
    """
    states = {newest[change.pk].state for change in changes if change.pk in newest}
    others = states - {ExecutionState.DONE}
    ended = bool(others) and others <= {ExecutionState.REFUSED, ExecutionState.STALE}
    is_undo = any(change.compensates_id for change in changes)
    return ExecutionState.DONE in states and ended and not is_undo


def end(proposals: Sequence[Proposal], *, now: datetime) -> None:
    """Save ended proposals, free their targets and say so; unproven effects keep theirs."""
    for state in {proposal.state for proposal in proposals}:
        same = [proposal.pk for proposal in proposals if proposal.state == state]
        Proposal.objects.filter(pk__in=same).update(state=state, settled_at=now)
    proven = [p.pk for p in proposals if p.state != State.NEEDS_PERSON]
    Change.objects.filter(proposal_id__in=proven).update(is_open=False)
    record_all(
        [
            proposal_fact(
                ProposalSettled(revision=p.revision, title=p.title, state=p.state), p, by="gateway"
            )
            for p in proposals
        ],
        now=now,
    )


def reconsider(*, now: datetime, limit: int = 50) -> int:
    """Look again at what approvals that became void rest on, and give those proposals back."""
    stale = outside.stale_executions(now=now, limit=limit)
    for execution in stale:
        change = Change.objects.select_related("connector").get(pk=execution.subject_id)
        try:
            seen = look_again(execution, change)
        except Refused as error:
            with transaction.atomic():
                drop_stale(execution, str(error), now=now)
        except Exception:  # one target that cannot be read keeps no other waiting
            log.warning("The target of execution %s cannot be read", execution.pk, exc_info=True)
            gateway.put_off(execution, now=now)
        else:
            with transaction.atomic():
                return_stale(execution, seen, now=now)
    return len(stale)


def look_again(execution: Execution, change: Change) -> outside.Outlook:
    """The target before and after the change; as it was last seen where nobody would answer."""
    if execution.error == gateway.GIVEN_BACK:
        return outside.Outlook(before=change.before, after=change.after)
    return outside.look_again(change.connector, change.action, change.params)


def would_be_refused(refusal: Refused) -> dict[str, str]:
    """What a reviewer is told of a change the back end would not do any more."""
    return {"field": "outcome", "before": "as approved", "after": str(refusal)}


def drop_stale(execution: Execution, error: str, *, now: datetime) -> None:
    """End the proposal of a stale execution whose target is gone: there is nothing to decide."""
    if not gateway.mark_reported(execution):
        return
    proposal = Proposal.objects.select_for_update().get(changes__id=execution.subject_id)
    if proposal.state == State.APPROVED:
        gone = {"field": "target", "before": "as approved", "after": error}
        proposal.returned = [gone]
        proposal.state = end_without_effect(proposal, State.FAILED)
        proposal.settled_at = now
        changes = list(proposal.changes.all())
        proposal.unwinding = broke_off(changes, outside.executions_of([c.pk for c in changes]))
        proposal.save(update_fields=["returned", "unwinding"])
        end([proposal], now=now)
        follow([proposal], now=now)
        balance(changes, now=now)


def return_stale(execution: Execution, seen: outside.Outlook, *, now: datetime) -> None:
    """Give the proposal of a stale execution back with the fields that have changed."""
    if not gateway.mark_reported(execution):
        return
    proposal = Proposal.objects.select_for_update().get(changes__id=execution.subject_id)
    if proposal.state != State.APPROVED:
        return
    changes = open_changes(proposal)
    lapsed = {"field": "permission", "before": "given", "after": execution.error}
    what = [POLICY_CHANGED if execution.error == gateway.VOID else lapsed]
    for change in changes:
        if change.pk == execution.subject_id:
            differing = [
                {"field": d.path, "before": d.before, "after": d.after}
                for d in diff(change.before, seen.before)
            ]
            what = differing or what
            if seen.refusal is not None:
                what = [*what, would_be_refused(seen.refusal)]
            change.before, change.after = seen.before, seen.after
    give_back(proposal, changes, what, now=now)


@transaction.atomic
def expire(*, now: datetime, limit: int = 200) -> int:
    """Close waiting proposals whose time is over: the action is not done. Return how many."""
    overdue = list(
        Proposal.objects.select_for_update(skip_locked=True)
        .filter(state=State.WAITING, expires_at__lt=now)
        .order_by("expires_at")[:limit]
    )
    for proposal in overdue:
        proposal.state = end_without_effect(proposal, State.EXPIRED)
    half_done = [p for p in overdue if p.state == State.NEEDS_PERSON]
    end(half_done, now=now)
    expired = [p for p in overdue if p.state == State.EXPIRED]
    Proposal.objects.filter(pk__in=[p.pk for p in expired]).update(
        state=State.EXPIRED, settled_at=now
    )
    Change.objects.filter(proposal__in=expired).update(is_open=False)
    record_all(
        [
            proposal_fact(ProposalExpired(revision=p.revision, title=p.title), p, by="clock")
            for p in expired
        ],
        now=now,
    )
    follow(overdue, now=now)
    balance(Change.objects.filter(proposal__in=overdue), now=now)
    return len(overdue)
