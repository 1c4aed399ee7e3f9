"""Agents as integrators read them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.agents.models import Agent
from apps.api.schemas.rows import filled
from apps.api.schemas.runs import RunState


class Schedule(Schema):
    """When an agent starts by itself: `every` so many of a `period`, or by `cron`."""

    every: int | None
    period: Literal["days", "hours", "minutes", "seconds", "microseconds"] | None
    cron: Annotated[str, Field(description="Minute, hour, day, month, weekday; or empty.")]
    timezone: Annotated[str | None, Field(description="Of `cron`.")]


class LastRun(Schema):
    """The run that was started last."""

    id: UUID
    state: RunState
    started_at: datetime
    finished_at: datetime | None


class AgentRecord(Schema):
    """An agent. `schedule` is null if none is on; one that is not `enabled` does not start."""

    id: UUID
    name: str
    playbook: str
    enabled: bool
    autonomy: Annotated[
        Literal["shadow", "review_all", "by_threshold"],
        Field(description="How far it may go; policy decides within it, never beyond."),
    ]
    schedule: Schedule | None
    last_run: LastRun | None

    @classmethod
    def of(cls, agent: Agent) -> Self:
        """From the row with its schedule and its last run."""
        return cls.model_validate(filled(cls, agent, {}))
