"""Reading agents and runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import CharField, Func, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, JSONObject
from django_celery_beat.models import PeriodicTask

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


def agents_at_work(workspace_id: UUID) -> QuerySet[Agent]:
    """The agents of a workspace, each with its `schedule` and its `last_run`; one query.

    `schedule` is {every, period, cron, timezone} with `cron` empty for an interval, and None
    without a schedule that is on; `last_run` is {id, state, started_at, finished_at} or None.
    """
    runs = Run.objects.filter(workspace_id=workspace_id, agent_id=OuterRef("pk")).order_by("-id")
    last = JSONObject(id="id", state="state", started_at="started_at", finished_at="finished_at")
    cron = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    rhythm = JSONObject(
        every="interval__every",
        period="interval__period",
        cron=Func(Value(" "), *(f"crontab__{name}" for name in cron), function="CONCAT_WS"),
        timezone="crontab__timezone",
    )
    return agents_of(workspace_id).annotate(
        last_run=Subquery(runs.values(found=last)[:1]),
        schedule=Subquery(schedules().values(found=rhythm)[:1]),
    )


def schedules() -> QuerySet[PeriodicTask]:
    """What starts the agent of the outer query, as `operations.schedule` writes it."""
    call = Concat(Value('{"agent_id": "'), Cast(OuterRef("pk"), CharField()), Value('"}'))
    rows: QuerySet[PeriodicTask] = PeriodicTask.objects.filter(enabled=True, kwargs=call)
    return rows.order_by("pk")


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
