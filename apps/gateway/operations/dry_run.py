"""The gateway's dry run: what would keep a change from being called now, and what it would do.

Asks what the real run asks, of the same functions where they only read. Nothing is written here,
and nothing is sent: the gate every transport asks at is shut. Its reads of the outside world are
real ones, so they count for the connector's rate and breaker like all others.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.gateway import health, queries, switches
from apps.gateway.connectors.gate import guarded
from apps.gateway.errors import Away, Refused
from apps.gateway.models import ActionSetting, Connector, Execution, Grant, Scope, State
from apps.gateway.operations import grants
from apps.gateway.operations.attempt import CHANGED, VOID
from apps.gateway.operations.deliveries import MAX_DELIVERIES
from apps.gateway.readers import reader_of

UNPROVEN = (State.CALLING, State.UNKNOWN, State.NEEDS_PERSON)
NOT_CALLED_YET = (State.DUE, State.CLAIMED, State.PARKED)


class DryRunActed(RuntimeError):
    """A connector tried to write while it was only asked what would happen. Nothing was sent."""


class Guard(StrEnum):
    """What can keep a call from being made."""

    STATE = "state"  # of the execution: not yet its turn, held by a worker, unproven, over
    CONNECTOR = "connector"  # switched off, or not usable as configured
    SWITCH = "switch"
    BREAKER = "breaker"
    RATE = "rate"
    TARGET = "target"  # changed since the approval, gone, or not to be read
    APPROVAL = "approval"
    GRANT = "grant"


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """One guard that would not let the call pass; `until` is when it ends by itself, if known."""

    guard: Guard
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReadBack:
    """What reading an unproven call back shows: whether it happened (None: not to be told)."""

    happened: bool | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """An execution as its next attempt would find it; `before` None: the target cannot be read."""

    obstacles: tuple[Obstacle, ...]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    shown: ReadBack | None = None


def refuse_to_send() -> None:
    """The answer of the gate of a dry run."""
    raise DryRunActed(DryRunActed.__doc__)


@contextmanager
def sending_nothing() -> Iterator[None]:
    """Have every write of a connector refused before it is sent. Raises `DryRunActed` there."""
    with guarded(refuse_to_send):
        yield


def hold_seconds(workspace_id: UUID, action: str) -> int:
    """How long an approval of the action can be taken back before it is carried out."""
    setting = ActionSetting.objects.filter(workspace_id=workspace_id, action=action)
    return setting.values_list("hold_seconds", flat=True).first() or 0


def obstacles(
    *, connector: Connector, action: str, agent_id: UUID | None, now: datetime, reads: int = 0
) -> tuple[Obstacle, ...]:
    """Which guards would stop such a call now, whatever is approved.

    `reads` is how many reads the dry run itself has made there: they do not count against it.
    """
    fresh = Connector.objects.select_related("breaker").get(pk=connector.pk)
    found = []
    if not fresh.enabled:
        found.append(Obstacle(guard=Guard.CONNECTOR, reason=f"{fresh} is switched off."))
    found += [
        Obstacle(guard=Guard.SWITCH, reason=f"{switch} is stopped: {switch.reason}")
        for switch in switches.engaged(fresh.workspace_id).filter(
            Q(scope=Scope.WORKSPACE)
            | Q(scope=Scope.ACTION, target=action)
            | Q(scope=Scope.CONNECTOR, target=str(fresh.pk))
            | Q(scope=Scope.AGENT, target=str(agent_id))
        )
    ]
    return (*found, *spared(fresh, reads=reads, now=now))


def spared(connector: Connector, *, reads: int, now: datetime) -> Iterator[Obstacle]:
    """Whether the connector is being left alone now: by its breaker, by its rate."""
    breaker = health.breaker_of(connector)
    if not breaker.admit(1, now=now, limits=health.limits())[1]:
        until = breaker.refused_until(now=now)
        why = "Its breaker is open" if breaker.away else "One call is being tried at a time"
        reason = f"{why}: {breaker.failures} calls in a row failed."
        yield Obstacle(guard=Guard.BREAKER, reason=reason, until=until)
    row = getattr(connector, "breaker", None)
    if row is None or (bucket := health.bucket_of(connector, row, now=now)) is None:
        return
    bucket = bucket.take(-reads * health.READ_COST)
    if not bucket.holds(health.EXECUTION_COST):
        reason = f"At most {connector.calls_per_second:g} calls a second are made there."
        until = bucket.full_enough(health.EXECUTION_COST, now=now)
        yield Obstacle(guard=Guard.RATE, reason=reason, until=until)


def dry_run_execution(
    execution: Execution,
    *,
    permit: Callable[[Sequence[Execution]], set[UUID]],
    now: datetime,
) -> DryRun:
    """What the next attempt at an execution would find, in a transaction that writes nothing."""
    found = list(standing(execution, now=now))
    found += obstacles(
        connector=execution.connector,
        action=execution.action,
        agent_id=execution.agent_id,
        now=now,
    )
    before, after, unreadable = looked(execution)
    if unreadable is not None:
        found.append(unreadable)
    if not permit([execution]):
        found.append(Obstacle(guard=Guard.APPROVAL, reason=VOID))
    if execution.state in NOT_CALLED_YET and (fault := grant_fault(execution, now=now)):
        found.append(Obstacle(guard=Guard.GRANT, reason=fault))
    unproven = execution.state in UNPROVEN and execution.attempts
    return DryRun(
        obstacles=tuple(found),
        before=before,
        after=after,
        shown=read_back(execution) if unproven else None,
    )


def standing(execution: Execution, *, now: datetime) -> Iterator[Obstacle]:
    """Why the execution is not free to be taken by a worker now, if it is not."""
    state, lease = State(execution.state), execution.lease_until
    if state == State.DUE and execution.not_before > now:
        yield Obstacle(
            guard=Guard.STATE, reason="It is not its turn yet.", until=execution.not_before
        )
    elif state == State.CLAIMED and lease and lease >= now:
        reason = f"The worker {execution.worker} holds it."
        yield Obstacle(guard=Guard.STATE, reason=reason, until=lease)
    elif state == State.CLAIMED and execution.deliveries >= MAX_DELIVERIES:
        reason = f"{execution.deliveries} workers died with it; it is about to be set aside."
        yield Obstacle(guard=Guard.STATE, reason=reason)
    elif state in (State.CALLING, State.UNKNOWN):
        reason = "An earlier call is not proven; it is read back before any other."
        yield Obstacle(guard=Guard.STATE, reason=reason, until=lease)
    elif state not in (State.DUE, State.CLAIMED):
        yield Obstacle(guard=Guard.STATE, reason=f"{state.label}.")


def looked(
    execution: Execution,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, Obstacle | None]:
    """The target now, what it would become, and what is wrong with it."""
    try:
        seen = queries.look_again(execution.connector, execution.action, execution.params)
    except Refused as error:
        return None, None, Obstacle(guard=Guard.TARGET, reason=str(error))
    except DryRunActed:
        raise
    except Exception as error:  # noqa: BLE001  (an attempt would wait, whatever it is)
        reason = f"The target cannot be read: {error}"
        until = error.until if isinstance(error, Away) else None
        return None, None, Obstacle(guard=Guard.TARGET, reason=reason, until=until)
    reason = str(seen.refusal or "")
    if seen.before != execution.snapshot:
        reason = CHANGED
    obstacle = Obstacle(guard=Guard.TARGET, reason=reason) if reason else None
    return seen.before, seen.after, obstacle


def read_back(execution: Execution) -> ReadBack:
    """Whether the back end shows the effect of an earlier call."""
    try:
        receipt = reader_of(execution.connector).find_effect(
            execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
        )
    except DryRunActed:
        raise
    except Exception as error:  # noqa: BLE001  (whatever it is, nothing is proven)
        return ReadBack(happened=None, reason=f"It cannot be told: {error}")
    if receipt is None:
        return ReadBack(happened=False, reason="The back end shows no effect of it.")
    return ReadBack(happened=True, reason=f"The back end shows it: {receipt.reference}.")


def grant_fault(execution: Execution, *, now: datetime) -> str:
    """Why no grant covers the call; empty if one does."""
    rows = Grant.objects.filter(execution=execution, consumed_at=None, revoked_at=None)
    return grants.fault_of(rows.first(), execution, now=now)
