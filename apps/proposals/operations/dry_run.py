"""Dry runs: what a draft, or an execution that waits, would lead to now. Writes nothing.

The code is that of the real run up to the call, in a transaction PostgreSQL lets nobody write in
and with the gate shut that every connector asks at before it sends a write.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Workspace
from apps.gateway import operations as gateway
from apps.gateway.models import Execution
from apps.gateway.operations import Guard, Obstacle, ReadBack
from apps.policies import operations as policies
from apps.policies.models import Decision
from apps.proposals.changes import FieldDiff, diff
from apps.proposals.models import Change, Proposal
from apps.proposals.operations.effect import still_approved
from apps.proposals.operations.judge import bind, facts_of, stand
from apps.proposals.operations.marking import mark
from apps.proposals.operations.submit import (
    Draft,
    Examined,
    Looked,
    Origin,
    examine,
    heed_doubts,
    leave_to_person,
    new_change,
    new_proposal,
    open_targets,
)


@dataclass(frozen=True, kw_only=True)
class DryRunChange:
    """One change as it would be proposed now.

    `decision` is not saved. `obstacles` would keep an approved change from being called now;
    `is_taken`: its target has an open change already, so the draft could not be submitted.
    """

    action: str
    params: dict[str, Any]
    connector: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    fields: tuple[FieldDiff, ...]
    decision: Decision
    hold_seconds: int
    is_taken: bool
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """A draft as it would be judged now; `proposal` is not saved."""

    proposal: Proposal
    changes: tuple[DryRunChange, ...]


@dataclass(frozen=True, kw_only=True)
class DryRunExecution:
    """An execution as its next attempt would find it now.

    `changed` are the fields that differ from what the approval saw, `fields` what a call would
    change; both are empty when the target cannot be read. `shown` is what reading an unproven call
    back shows.
    """

    execution: Execution
    obstacles: tuple[Obstacle, ...]
    changed: tuple[FieldDiff, ...]
    fields: tuple[FieldDiff, ...]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    shown: ReadBack | None

    @property
    def would_be_called(self) -> bool:
        """Whether nothing is in the way."""
        return not self.obstacles

    @property
    def would_be_called_once_due(self) -> bool:
        """Whether only where the execution stands is in the way, so that a release helps."""
        return all(obstacle.guard == Guard.STATE for obstacle in self.obstacles)


@contextmanager
def writing_nothing() -> Iterator[None]:
    """A transaction in which PostgreSQL refuses every write, and connectors send none.

    Inside a writing transaction too: only what happens in here is refused.
    """
    with transaction.atomic(), gateway.sending_nothing():
        with connection.cursor() as sql:
            sql.execute("SET TRANSACTION READ ONLY")
        yield


def dry_run_draft(*, workspace: Workspace, draft: Draft, origin: Origin, now: datetime) -> DryRun:
    """What submitting the draft would lead to now: verdict, quorum, effect, what is in the way.

    Raises what `examine` raises: `InvalidDraft` and the gateway's `ConnectorError`s, `Busy` at
    once. Whether there is room for one more proposal is not asked: it would take the room.
    """
    with writing_nothing():
        examined = examine(workspace=workspace, draft=draft, patient=False)
        return dry_run_examined(workspace=workspace, examined=examined, origin=origin, now=now)


def dry_run_examined(
    *, workspace: Workspace, examined: Examined, origin: Origin, now: datetime
) -> DryRun:
    """What submitting an examined draft would lead to; the shop is not looked at again."""
    with writing_nothing():
        looks = examined.looks
        proposal = new_proposal(workspace, examined.draft, looks, origin, now)
        changes = [new_change(proposal, position, look) for position, look in enumerate(looks)]
        weigh(proposal, changes, now=now)
        if origin.needs_person:
            leave_to_person([proposal])
        taken = taken_among(workspace, looks)
        return DryRun(
            proposal=proposal,
            changes=tuple(
                dry_run_change(change, is_taken=is_taken, reads=len(looks), now=now)
                for change, is_taken in zip(changes, taken, strict=True)
            ),
        )


def weigh(proposal: Proposal, changes: Sequence[Change], *, now: datetime) -> None:
    """Have the policies say what they would decide, and the proposal where it would stand."""
    mark(proposal, changes)
    subjects = [(change.pk, facts_of(change, changes, now=now)) for change in changes]
    judged = policies.weigh(workspace_id=proposal.workspace_id, changes=subjects, now=now)
    for change, decision in zip(changes, judged, strict=True):
        change.decision = decision
        change.binding = bind(change, decision.basis)
    stand(proposal, changes, now=now)
    heed_doubts([proposal])


def taken_among(workspace: Workspace, looks: Sequence[Looked]) -> list[bool]:
    """Which of these have a target with an open change, or that of one before them."""
    taken = open_targets(workspace.pk, [looked.target for looked in looks])
    found = []
    for look in looks:
        found.append((look.action, look.target) in taken)
        taken.add((look.action, look.target))
    return found


def dry_run_change(change: Change, *, is_taken: bool, reads: int, now: datetime) -> DryRunChange:
    """A weighed change with what would keep it from being called."""
    assert change.decision is not None
    return DryRunChange(
        action=change.action,
        params=change.params,
        connector=change.connector.name,
        target=change.target,
        before=change.before,
        after=change.after,
        fields=tuple(diff(change.before, change.after)),
        decision=change.decision,
        hold_seconds=gateway.hold_seconds(change.workspace_id, change.action),
        is_taken=is_taken,
        obstacles=gateway.obstacles(
            connector=change.connector,
            action=change.action,
            agent_id=change.proposal.agent_id,
            now=now,
            reads=reads,
        ),
    )


def dry_run_execution(execution: Execution, *, now: datetime) -> DryRunExecution:
    """Whether an execution that waits or is stuck would be called now, and if not, why."""
    with writing_nothing():
        found = gateway.dry_run_execution(execution, permit=still_approved, now=now)
    before, after = found.before, found.after
    return DryRunExecution(
        execution=execution,
        obstacles=found.obstacles,
        changed=tuple(diff(execution.snapshot, before)) if before is not None else (),
        fields=tuple(diff(before, after)) if before is not None and after is not None else (),
        before=before,
        after=after,
        shown=found.shown,
    )
