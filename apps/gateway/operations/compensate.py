"""Marking effects that have been made up for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.audit.events.executions import ExecutionCompensated
from apps.audit.operations import record_all
from apps.gateway.models import Execution, State
from apps.gateway.operations.outcome import fact, told


@dataclass(frozen=True)
class Amends:
    """An effect, and the proven execution that makes up for it; None: a person says so."""

    execution: Execution
    by: Execution | None


def mark_compensated(amends: Sequence[Amends], *, by: str, now: datetime) -> None:
    """Say of effects that they are made up for, in the caller's transaction.

    One that is not proven done, or is marked already, stays as it is.
    """
    marked = [repair for repair in amends if mark(repair.execution)]
    record_all(
        [
            fact(
                ExecutionCompensated(
                    **told(repair.execution),
                    compensation=str(repair.by.pk) if repair.by else "",
                    reference=repair.by.reference if repair.by else "",
                ),
                repair.execution,
                by,
            )
            for repair in marked
        ],
        now=now,
    )


def mark(execution: Execution) -> bool:
    """Whether this was a proven effect, and is marked now."""
    rows = Execution.objects.filter(pk=execution.pk, state=State.DONE)
    moved = bool(rows.update(state=State.COMPENSATED))
    if moved:
        execution.state = State.COMPENSATED
    return moved
