"""Reading agents and runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.agents.models import Agent, Handled, Run, State, Step
from apps.proposals import queries as proposals
from apps.proposals.models import Proposal


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run with its steps and the proposals it made, both in order."""

    run: Run
    steps: list[Step]
    proposals: list[Proposal]


def agents_of(workspace_id: UUID) -> QuerySet[Agent]:
    """The agents of a workspace by name."""
    return Agent.objects.filter(workspace_id=workspace_id).order_by("name")


def agent(workspace_id: UUID, agent_id: UUID) -> Agent:
    """One agent. Raises `Agent.DoesNotExist`."""
    return Agent.objects.select_related("workspace").get(workspace_id=workspace_id, pk=agent_id)


def runs_of(workspace_id: UUID) -> QuerySet[Run]:
    """The runs of a workspace, newest first."""
    return Run.objects.filter(workspace_id=workspace_id).select_related("agent").order_by("-id")


def run(workspace_id: UUID, run_id: UUID) -> RunView:
    """One run in full; three queries. Raises `Run.DoesNotExist`."""
    found = runs_of(workspace_id).get(pk=run_id)
    return RunView(
        run=found, steps=list(found.steps.order_by("number")), proposals=proposals.of_run(run_id)
    )


def handled(workspace_id: UUID, playbook: str, keys: Sequence[str]) -> set[str]:
    """Which of these cases the playbook has dealt with."""
    rows = Handled.objects.filter(workspace_id=workspace_id, playbook=playbook, key__in=keys)
    return set(rows.values_list("key", flat=True))


def waiting_runs(*, after: UUID | None, limit: int) -> list[tuple[UUID, datetime]]:
    """Runs that wait for their proposals and when to look anyway, oldest first, behind `after`."""
    rows = Run.objects.filter(state=State.WAITING).order_by("id")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.values_list("pk", "not_before")[:limit])
