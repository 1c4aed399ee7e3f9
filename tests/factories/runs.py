"""Runs of agents, step by step, and what is recorded of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apps.agents import operations
from apps.agents.models import Agent, Run
from apps.agents.steps.base import Context, Taken
from apps.audit.models import Event, Payload
from apps.proposals.models import Proposal
from tests.factories import agents as make


def start(agent: Agent, now: datetime) -> Run:
    """A scheduled run."""
    return operations.start(agent=agent, trigger="schedule", by="clock", now=now)


def advance(now: datetime, worker: str = "w") -> int:
    """One step."""
    return operations.advance_due(worker=worker, clock=lambda: now, limit=1)


def events(run: Run) -> list[tuple[str, dict[str, Any]]]:
    """The run's own events in order, with their fields."""
    rows = Event.objects.filter(subject_kind="run", subject_id=str(run.pk)).order_by("id")
    return [(row.kind, Payload.objects.get(event_id=row.id).fields) for row in rows]


def drive_to_end(clock: Callable[[], datetime]) -> None:
    """Drive, let what waits for people expire, and drive to the end."""
    make.drive(clock)
    Proposal.objects.filter(state="waiting").update(state="expired")
    make.drive(clock)


def raising(error: Exception) -> Callable[[Context], Taken]:
    """A step that only raises."""

    def step(_context: Context) -> Taken:
        raise error

    return step
