"""Carrying approved changes out: intent, call, proof, outcome, in this order.

    schedule (committed with the approval) -> claim -> re-read the target -> intent (committed)
    -> call with the derived key -> outcome (committed with its event)

A crash between call and outcome leaves `calling` with a lapsed lease: that is `unknown`, and is
read back (`reconcile`), never blindly repeated.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from psycopg.types.json import Jsonb

from apps.audit import fault
from apps.audit.kinds import Kind
from apps.audit.operations import Fact, record_all
from apps.gateway import catalogue, queries
from apps.gateway.connectors.base import Receipt
from apps.gateway.errors import BadAnswer, CannotTell, Refused, Unproven, Unreachable
from apps.gateway.models import Connector, Execution, State

Clock = Callable[[], datetime]
MAX_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class Order:
    """One approved change to be carried out; `binding` is the hash the approval was given on."""

    workspace_id: UUID
    connector: Connector
    subject_id: UUID
    run_id: UUID | None
    binding: str
    action: str
    params: dict[str, Any]
    snapshot: dict[str, Any]
    priority: int
    not_before: datetime


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one attempt."""

    execution: Execution
    state: State
    receipt: Receipt | None = None
    error: str = ""
    retry_at: datetime | None = None

    def row(self, now: datetime) -> dict[str, Any]:
        """The outcome as the columns of its execution (JSON values)."""
        return {
            "id": str(self.execution.pk),
            "state": self.state,
            "error": self.error.replace("\0", " "),
            "reference": self.receipt.reference if self.receipt else "",
            "receipt": asdict(self.receipt) if self.receipt else None,
            "retry_at": self.retry_at.isoformat() if self.retry_at else None,
            "finished_at": now.isoformat() if self.state in FINISHED_KINDS else None,
        }


def idempotency_key(order: Order) -> str:
    """SHA-256 over tenant, change and approved content: the same on every attempt."""
    content = {
        "workspace": str(order.workspace_id),
        "change": str(order.subject_id),
        "binding": order.binding,
        "action": order.action,
        "params": order.params,
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def schedule(orders: Sequence[Order], *, by: str, now: datetime) -> list[Execution]:
    """Queue approved changes, in the transaction of their approval."""
    executions = [
        Execution(
            workspace_id=order.workspace_id,
            connector=order.connector,
            subject_id=order.subject_id,
            run_id=order.run_id,
            binding=order.binding,
            key=idempotency_key(order),
            action=order.action,
            params=order.params,
            target=catalogue.spec(order.action).target(order.params),
            snapshot=order.snapshot,
            priority=order.priority,
            not_before=order.not_before,
            created_at=now,
        )
        for order in orders
    ]
    Execution.objects.bulk_create(executions)
    record_all([fact(Kind.EXECUTION_DUE, e, by, target=e.target) for e in executions], now=now)
    return executions


@transaction.atomic
def claim(*, worker: str, now: datetime, limit: int) -> list[Execution]:
    """Take up to `limit` due executions for this worker, most urgent first.

    Rows another worker holds are skipped; a claim lapses with its lease.
    """
    due = (
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=State.DUE, not_before__lte=now)
        .select_related("connector")
        .order_by("-priority", "id")[:limit]
    )
    executions = list(due)
    Execution.objects.filter(pk__in=[e.pk for e in executions]).update(
        state=State.CLAIMED, worker=worker, lease_until=now + lease()
    )
    return executions


def lease() -> timedelta:
    """How long a worker may hold an execution without a sign of life."""
    return timedelta(seconds=settings.GATEWAY_LEASE_SECONDS)


def carry_out(
    executions: Sequence[Execution],
    *,
    permit: Callable[[Sequence[Execution]], set[UUID]],
    worker: str,
    clock: Clock,
) -> None:
    """Execute claimed changes, in chunks whose calls may share one committed intent.

    `permit` is asked inside the intent's transaction which of them may still be called.
    """
    for connector, chunk in chunks(executions):
        fresh = unchanged(connector, chunk, clock=clock)
        fault.reach("before_intent")
        begun = begin(fresh, permit=permit, worker=worker, now=clock())
        fault.reach("after_intent")
        outcomes = [call(connector, execution, clock=clock) for execution in begun]
        fault.reach("after_call")
        finish(outcomes, now=clock())
        fault.reach("after_outcome")


def chunks(executions: Sequence[Execution]) -> Iterable[tuple[Connector, list[Execution]]]:
    """Executions in order, grouped by connector, in groups of the connector's burst."""
    group: list[Execution] = []
    for execution in executions:
        full = group and len(group) >= queries.client_of(group[0].connector).burst
        if group and (full or group[0].connector_id != execution.connector_id):
            yield group[0].connector, group
            group = []
        group.append(execution)
    if group:
        yield group[0].connector, group


def unchanged(
    connector: Connector, executions: Sequence[Execution], *, clock: Clock
) -> list[Execution]:
    """Re-read each target; those that differ from what the approval saw become stale."""
    client, fresh, outcomes = queries.client_of(connector), [], []
    for execution in executions:
        try:
            state_now = client.snapshot(execution.action, execution.params)
        except (Unreachable, BadAnswer) as error:
            outcomes.append(later(execution, str(error), now=clock()))
        except Refused as error:
            outcomes.append(Outcome(execution=execution, state=State.STALE, error=str(error)))
        else:
            if state_now == execution.snapshot:
                fresh.append(execution)
            else:
                error = "The target has changed since the approval."
                outcomes.append(Outcome(execution=execution, state=State.STALE, error=error))
    finish(outcomes, now=clock())
    return fresh


@transaction.atomic
def begin(
    executions: Sequence[Execution],
    *,
    permit: Callable[[Sequence[Execution]], set[UUID]],
    worker: str,
    now: datetime,
) -> list[Execution]:
    """Commit the intent to call: only rows this worker still holds and `permit` lets pass."""
    if not executions:
        return []
    permitted = permit(executions)
    held = set(
        Execution.objects.select_for_update()
        .filter(pk__in=permitted, state=State.CLAIMED, worker=worker)
        .values_list("pk", flat=True)
    )
    begun = [execution for execution in executions if execution.pk in held]
    for execution in begun:
        execution.attempts += 1
    Execution.objects.filter(pk__in=held).update(
        attempts=F("attempts") + 1, state=State.CALLING, lease_until=now + lease()
    )
    record_all(
        [fact(Kind.EXECUTION_STARTED, e, "gateway", attempt=e.attempts) for e in begun], now=now
    )
    void = [e for e in executions if e.pk not in permitted]
    error = "The approval is void: the policy or the proposal has changed since."
    _write([Outcome(execution=e, state=State.STALE, error=error) for e in void], now=now)
    return begun


def call(connector: Connector, execution: Execution, *, clock: Clock) -> Outcome:
    """One attempt. Success only with proof; anything unproven is unknown."""
    client = queries.client_of(connector)
    fault.reach("before_call")
    try:
        receipt = client.perform(
            execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
        )
    except Unreachable as error:
        return later(execution, str(error), now=clock())
    except Refused as error:
        return Outcome(execution=execution, state=State.REFUSED, error=str(error))
    except (Unproven, BadAnswer) as error:
        return doubt(execution, str(error), now=clock())
    return Outcome(execution=execution, state=State.DONE, receipt=receipt)


def later(execution: Execution, error: str, *, now: datetime) -> Outcome:
    """Surely not carried out: try again after a pause that doubles, then ask a person."""
    attempts = max(execution.attempts, 1)
    if attempts >= MAX_ATTEMPTS:
        return Outcome(execution=execution, state=State.NEEDS_PERSON, error=error)
    pause = timedelta(seconds=2**attempts)
    return Outcome(execution=execution, state=State.DUE, error=error, retry_at=now + pause)


def doubt(execution: Execution, error: str, *, now: datetime) -> Outcome:
    """Perhaps carried out: read back after a moment in which the back end may still act."""
    wait = timedelta(seconds=settings.GATEWAY_DOUBT_SECONDS)
    return Outcome(execution=execution, state=State.UNKNOWN, error=error, retry_at=now + wait)


@transaction.atomic
def finish(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Commit outcomes, each with its event."""
    _write(outcomes, now=now)


WRITE_OUTCOMES = """
    UPDATE gateway_execution SET
        state = o.state, error = o.error, reference = o.reference, receipt = o.receipt,
        lease_until = o.retry_at, not_before = coalesce(o.retry_at, not_before),
        finished_at = o.finished_at
    FROM jsonb_to_recordset(%s) AS o(
        id uuid, state text, error text, reference text, receipt jsonb,
        retry_at timestamptz, finished_at timestamptz
    )
    WHERE gateway_execution.id = o.id
"""


def _write(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """All outcomes in one statement, and their events."""
    if not outcomes:
        return
    rows = [outcome.row(now) for outcome in outcomes]
    with connection.cursor() as sql:
        sql.execute(WRITE_OUTCOMES, [Jsonb(rows)])
    record_all(
        [
            fact(
                FINISHED_KINDS.get(outcome.state, Kind.EXECUTION_UNKNOWN),
                outcome.execution,
                "gateway",
                outcome=outcome.state,
                attempt=outcome.execution.attempts,
                reference=outcome.receipt.reference if outcome.receipt else "",
                error=outcome.error[:300],
            )
            for outcome in outcomes
            if outcome.state != State.DUE
        ],
        now=now,
    )


FINISHED_KINDS = {
    State.DONE: Kind.EXECUTION_FINISHED,
    State.REFUSED: Kind.EXECUTION_FINISHED,
    State.NEEDS_PERSON: Kind.EXECUTION_FINISHED,
    State.STALE: Kind.EXECUTION_STALE,
}


def reconcile(*, clock: Clock, limit: int = 20) -> int:
    """Resolve executions whose worker is gone or whose outcome is not proven; return how many.

    A claim that lapsed before its intent is simply due again. A lapsed call is read back: proven
    done, proven absent (due again), or shown to a person.
    """
    now = clock()
    Execution.objects.filter(state=State.CLAIMED, lease_until__lt=now).update(
        state=State.DUE, worker=""
    )
    lapsed = take_lapsed(now=now, limit=limit)
    for execution in lapsed:
        finish([read_back(execution, clock=clock)], now=clock())
    return len(lapsed)


@transaction.atomic
def take_lapsed(*, now: datetime, limit: int) -> list[Execution]:
    """Unproven executions whose time has come, held by a new lease while they are read back."""
    lapsed = list(
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state__in=[State.CALLING, State.UNKNOWN], lease_until__lt=now)
        .select_related("connector")
        .order_by("lease_until")[:limit]
    )
    Execution.objects.filter(pk__in=[e.pk for e in lapsed]).update(
        state=State.UNKNOWN, lease_until=now + lease(), worker=""
    )
    return lapsed


def read_back(execution: Execution, *, clock: Clock) -> Outcome:
    """Ask the back end whether the effect is there."""
    client = queries.client_of(execution.connector)
    try:
        receipt = client.find_effect(
            execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
        )
    except CannotTell as error:
        return Outcome(execution=execution, state=State.NEEDS_PERSON, error=str(error))
    except (Unreachable, BadAnswer, Refused) as error:
        return doubt(execution, str(error), now=clock())
    if receipt:
        return Outcome(execution=execution, state=State.DONE, receipt=receipt)
    if execution.attempts >= MAX_ATTEMPTS:
        error_text = f"Proven absent after {execution.attempts} attempts."
        return Outcome(execution=execution, state=State.NEEDS_PERSON, error=error_text)
    return Outcome(execution=execution, state=State.DUE, error="Proven absent; called again.")


def take_finished(*, states: Collection[str], limit: int) -> list[Execution]:
    """Executions in these states nobody has been told of; told when the caller commits."""
    finished = list(
        Execution.objects.select_for_update(skip_locked=True)
        .filter(state__in=states, reported=False)
        .order_by("id")[:limit]
    )
    Execution.objects.filter(pk__in=[e.pk for e in finished]).update(reported=True)
    return finished


def mark_reported(execution: Execution) -> bool:
    """Whether this caller is the one who reports the execution."""
    return bool(Execution.objects.filter(pk=execution.pk, reported=False).update(reported=True))


def fact(kind: Kind, execution: Execution, actor: str, **fields: Any) -> Fact:
    """An event about an execution."""
    return Fact(
        kind=kind,
        workspace_id=execution.workspace_id,
        actor=actor,
        subject_kind="execution",
        subject_id=execution.pk,
        run_id=execution.run_id,
        fields={
            "action": execution.action,
            "change": str(execution.subject_id),
            "key": execution.key,
            **fields,
        },
    )
