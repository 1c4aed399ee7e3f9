"""What the end of an undo means for the proposal it was to undo: undone, or an open case."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.audit import failpoints
from apps.audit.events.proposals import ProposalSettled
from apps.audit.operations import record_all
from apps.gateway import operations as gateway
from apps.gateway import queries as outside
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations.judge import proposal_fact

WITHOUT_EFFECT = (
    ExecutionState.COMPENSATED,
    ExecutionState.REFUSED,
    ExecutionState.STALE,
    ExecutionState.CANCELLED,
    ExecutionState.PARKED,
)


def follow(ended: Sequence[Proposal], *, now: datetime) -> None:
    """Tell what these proposals were to undo that they have ended; others are passed over.

    Runs in the transaction in which they ended.
    """
    rows = Change.objects.filter(proposal__in=[p.pk for p in ended], compensates__isnull=False)
    links = list(rows.select_related("compensates"))
    if not links:
        return
    undos = {undo.pk: undo for undo in ended}
    make_amends(links, undos, now=now)
    failpoints.reach("settle_compensated")
    undo_of = {link.compensates.proposal_id: link.proposal_id for link in links if link.compensates}
    originals = Proposal.objects.select_for_update().filter(pk__in=undo_of).order_by("pk")
    for original in originals:
        conclude(original, undos[undo_of[original.pk]], now=now)


def make_amends(links: Sequence[Change], undos: Mapping[UUID, Proposal], *, now: datetime) -> None:
    """Mark every effect as made up for whose compensation is proven, or vouched for by a person."""
    pairs = {link.compensates_id: link for link in links if link.compensates_id}
    newest = outside.executions_of([*pairs, *(link.pk for link in links)])
    gateway.mark_compensated(
        [
            gateway.Amends(newest[effect], newest.get(link.pk))
            for effect, link in pairs.items()
            if effect in newest
            and (is_done(newest.get(link.pk)) or undos[link.proposal_id].state == State.DONE)
        ],
        by="gateway",
        now=now,
    )


def is_done(execution: Execution | None) -> bool:
    """Whether the execution is proven."""
    return execution is not None and execution.state == ExecutionState.DONE


def conclude(original: Proposal, undo: Proposal, *, now: datetime) -> None:
    """Undone if nothing of it stands any more, else a case for a person; with its event."""
    gone = undo.state == State.DONE and not still_stands(original.pk)
    original.state = State.UNDONE if gone else State.NEEDS_PERSON
    original.settled_at = now
    original.unwinding = False
    original.save(update_fields=["state", "settled_at", "unwinding"])
    if gone:
        original.changes.update(is_open=False)
    record_undo(original, now=now, undo=str(undo.pk), undo_state=undo.state)


def still_stands(proposal_id: UUID) -> bool:
    """Whether some change of the proposal has, or may have, an effect that was not made up for."""
    changes = Change.objects.filter(proposal_id=proposal_id).values_list("pk", flat=True)
    return any(e.state not in WITHOUT_EFFECT for e in outside.executions_of(changes).values())


def as_seen(proposal: Proposal, *, happened: bool, by: str, now: datetime) -> State:
    """How a case ends that a person has looked at: what an undo was tried of is gone, not failed.

    What was proven done, and is no more, is then marked as made up for by that person.
    """
    if happened:
        return State.DONE
    if not Change.objects.filter(compensates__proposal=proposal).exists():
        return State.FAILED
    changes = proposal.changes.values_list("pk", flat=True)
    effects = outside.executions_of(changes).values()
    gateway.mark_compensated(
        [gateway.Amends(execution, None) for execution in effects], by=by, now=now
    )
    return State.UNDONE


def record_undo(
    proposal: Proposal, *, now: datetime, undo_state: str, undo: str = "", why: str = ""
) -> None:
    """Record how a proposal stands after an attempt to undo it."""
    settled = ProposalSettled(
        revision=proposal.revision,
        title=proposal.title,
        state=proposal.state,
        undo=undo,
        undo_state=undo_state,
        why=why,
    )
    record_all([proposal_fact(settled, proposal, by="gateway")], now=now)
