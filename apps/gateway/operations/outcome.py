"""What became of an attempt, and committing it with its event."""

import hashlib
import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

import rfc8785
from django.conf import settings
from django.db import connection, transaction

from apps.audit import failpoints
from apps.audit.event import Event
from apps.audit.events.executions import (
    Attempted,
    ExecutionFinished,
    ExecutionParked,
    ExecutionStale,
    ExecutionUnknown,
)
from apps.audit.operations import Fact, record_all
from apps.gateway.connectors.base import Receipt
from apps.gateway.errors import Stopped, Throttled, Unreachable
from apps.gateway.models import Execution, State
from apps.gateway.operations import grants

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
AWAY = timedelta(seconds=15)  # before an outside system that is away is looked at again
SOONEST = timedelta(seconds=1)  # even if it asks for less
ENDS = {
    State.DONE: ExecutionFinished,
    State.REFUSED: ExecutionFinished,
    State.NEEDS_PERSON: ExecutionFinished,
    State.PARKED: ExecutionParked,
    State.STALE: ExecutionStale,
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one attempt.

    `deliveries` is what is left of the count of lost workers, `uncounted` how many of the attempts
    never became a call.
    """

    execution: Execution
    state: State
    receipt: Receipt | None = None
    error: str = ""
    retry_at: datetime | None = None
    deliveries: int = 0
    uncounted: int = 0

    def row(self, now: datetime) -> dict[str, Any]:
        """The outcome as the columns of its execution (JSON values)."""
        return {
            "id": str(self.execution.pk),
            "worker": self.execution.worker,
            "state": self.state,
            "error": self.error.replace("\0", " "),
            "reference": self.receipt.reference if self.receipt else "",
            "receipt": asdict(self.receipt) if self.receipt else None,
            "retry_at": self.retry_at.isoformat() if self.retry_at else None,
            "deliveries": self.deliveries,
            "uncounted": self.uncounted,
            "finished_at": now.isoformat() if self.state in ENDS else None,
        }


def is_held(error: Exception, *, sent: bool, probing: bool) -> bool:
    """Whether a call was held back, and so is no attempt.

    By a switch, by the back end's own rate, by its open breaker (`probing`), or since it was away
    before anything was `sent`.
    """
    if isinstance(error, Stopped | Throttled):
        return True
    return isinstance(error, Unreachable) and (probing or not sent)


def held_until(error: Exception, *, probing: bool, now: datetime) -> datetime | None:
    """Until when a call is held back; None where a switch or a breaker has an end of its own."""
    has_own_end = isinstance(error, Stopped) or (probing and asked(error) is None)
    return None if has_own_end else now + rest(error)


def rest(error: Exception) -> timedelta:
    """How long an outside system is left alone after this: as it asks for, else as usual."""
    pause = asked(error)
    return AWAY if pause is None else max(pause, SOONEST)


def asked(error: Exception) -> timedelta | None:
    """How long the back end itself asks to be left alone."""
    return error.pause if isinstance(error, Throttled) else None


def wait(execution: Execution, error: str, *, now: datetime, pause: timedelta = AWAY) -> Outcome:
    """Not even begun, because the outside system is away: due again after a pause, for ever."""
    return Outcome(execution=execution, state=State.DUE, error=error, retry_at=now + pause)


def later(execution: Execution, error: str, *, now: datetime) -> Outcome:
    """Surely not carried out: try again after a pause that doubles, then ask a person."""
    attempts = max(execution.attempts, 1)
    if attempts >= MAX_ATTEMPTS:
        return Outcome(execution=execution, state=State.NEEDS_PERSON, error=error)
    pause = timedelta(seconds=2**attempts)
    return Outcome(execution=execution, state=State.DUE, error=error, retry_at=now + pause)


def hold_back(execution: Execution, error: str, *, until: datetime | None = None) -> Outcome:
    """Begun, and not called: as if it had never begun. It keeps its place in the queue.

    The grant's own end is the only one it has. `until`: not before then, as nobody answers there.
    """
    return Outcome(execution=execution, state=State.DUE, error=error, retry_at=until, uncounted=1)


def doubt(execution: Execution, error: str, *, now: datetime) -> Outcome:
    """Perhaps carried out: read back after a moment in which the back end may still act."""
    wait = timedelta(seconds=settings.GATEWAY_DOUBT_SECONDS)
    return Outcome(execution=execution, state=State.UNKNOWN, error=error, retry_at=now + wait)


@transaction.atomic
def finish(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Commit outcomes, each with its event."""
    write(outcomes, now=now)


WRITE_OUTCOMES = """
    UPDATE gateway_execution SET
        state = o.state, error = o.error, reference = o.reference, receipt = o.receipt,
        deliveries = o.deliveries, attempts = greatest(attempts - o.uncounted, 0),
        lease_until = o.retry_at, not_before = coalesce(o.retry_at, not_before),
        finished_at = o.finished_at
    FROM jsonb_to_recordset(%s::jsonb) AS o(
        id uuid, worker text, state text, error text, reference text, receipt jsonb,
        retry_at timestamptz, finished_at timestamptz, deliveries smallint,
        uncounted smallint
    )
    WHERE gateway_execution.id = o.id AND gateway_execution.worker = o.worker
      AND gateway_execution.state IN ('claimed', 'calling', 'unknown')
    RETURNING gateway_execution.id
"""


def write(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """All outcomes in one statement, and their events.

    An outcome that comes after its lease was taken over is dropped: whoever holds the execution
    now reads the effect back. A call that surely did not happen gets its permission back.
    """
    if not outcomes:
        return
    rows = [outcome.row(now) for outcome in outcomes]
    with connection.cursor() as sql:
        sql.execute(WRITE_OUTCOMES, [json.dumps(rows)])
        written = {pk for (pk,) in sql.fetchall()}
    for outcome in outcomes:
        if outcome.execution.pk not in written:
            log.warning("Execution %s was taken over; its outcome came late.", outcome.execution.pk)
    due = [o.execution.pk for o in outcomes if o.state == State.DUE and o.execution.attempts]
    if due:
        grants.renew([pk for pk in due if pk in written], now=now)
    record_all(
        [
            fact(attempted(outcome), outcome.execution, "gateway")
            for outcome in outcomes
            if outcome.state != State.DUE and outcome.execution.pk in written
        ],
        now=now,
    )
    failpoints.reach("before_outcome")


def take_finished(*, states: Collection[str], limit: int) -> list[Execution]:
    """Executions in these states nobody has been told of; told when the caller commits."""
    finished = list(
        Execution.objects.select_for_update(skip_locked=True)
        .filter(state__in=states, reported=False)
        .order_by("id")[:limit]
    )
    Execution.objects.filter(pk__in=[e.pk for e in finished]).update(reported=True)
    return finished


def put_off(execution: Execution, *, now: datetime) -> None:
    """Look at a stale execution again after a pause, behind the others."""
    Execution.objects.filter(pk=execution.pk).update(not_before=now + AWAY)


def mark_reported(execution: Execution) -> bool:
    """Whether this caller is the one who reports the execution."""
    return bool(Execution.objects.filter(pk=execution.pk, reported=False).update(reported=True))


def attempted(outcome: Outcome) -> Attempted:
    """How an attempt ended, as an event."""
    return ENDS.get(outcome.state, ExecutionUnknown)(
        **told(outcome.execution),
        outcome=outcome.state,
        attempt=outcome.execution.attempts,
        reference=outcome.receipt.reference if outcome.receipt else "",
        error=outcome.error[:300],
        answer=digest(asdict(outcome.receipt)) if outcome.receipt else "",
    )


class Told(TypedDict):
    """What each event about an execution says of it."""

    action: str
    change: str
    key: str


def told(execution: Execution) -> Told:
    """How the execution is named in an event."""
    return Told(action=execution.action, change=str(execution.subject_id), key=execution.key)


def fact(event: Event, execution: Execution, actor: str) -> Fact:
    """An event about an execution, to be recorded."""
    return Fact(
        event=event,
        workspace_id=execution.workspace_id,
        actor=actor,
        subject_kind="execution",
        subject_id=execution.pk,
        run_id=execution.run_id,
    )


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of a request or an answer."""
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()
