"""Runs of agents as integrators read and start them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from ninja import Schema
from pydantic import Field

from apps.agents.models import Run
from apps.agents.queries import RunView
from apps.api.schemas.proposals import Input, ProposalSummary
from apps.api.schemas.rows import filled

RunState = Literal["running", "waiting", "done", "failed", "cancelled", "escalated"]
Stage = Literal["sense", "plan", "act", "learn"]


class RunStart(Input):
    """Which agent is to run now."""

    agent: Annotated[UUID, Field(description="The agent's id, as `GET /agents` lists it.")]


class RunSummary(Schema):
    """A run in a list; `stage` is the one that comes next."""

    id: UUID
    agent_id: UUID
    agent: str
    playbook: str
    trigger: str
    started_by: str
    on_behalf_of: str
    state: RunState
    stage: Stage
    summary: str
    error: str
    started_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> Self:
        """From the row with its agent."""
        names = {"agent": run.agent.name, "playbook": run.agent.playbook}
        return cls.model_validate(filled(cls, run, names))


class StepDetail(Schema):
    """One recorded stage; `planner` says who thought: `rules`, or `model <name>`."""

    number: int
    stage: Stage
    summary: str
    planner: str
    started_at: datetime
    finished_at: datetime


class RunDetail(RunSummary):
    """A run with its steps and what it proposed, in order."""

    steps: list[StepDetail]
    proposals: list[ProposalSummary]

    @classmethod
    def in_full(cls, view: RunView) -> Self:
        """From the domain's view of a run."""
        summary = RunSummary.of(view.run).model_dump()
        made = [ProposalSummary.of(proposal) for proposal in view.proposals]
        return cls.model_validate(summary | {"steps": view.steps, "proposals": made})
