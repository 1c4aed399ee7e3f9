"""Reading agents and runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import CharField, Func, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, JSONObject
from django_celery_beat.models import PeriodicTask

from apps.agents.models import Agent, Handled, LabelledExample, Run, Stage, State, Step
from apps.proposals import queries as proposals
from apps.proposals.changes import FieldDiff
from apps.proposals.models import Proposal

SHADOW = "shadow"  # where a step's output keeps what was only tried in shadow


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


def runs_of(
    workspace_id: UUID, *, agent: Agent | None = None, state: State | None = None
) -> QuerySet[Run]:
    """The runs of a workspace, newest first; of one agent, or in one state, if said."""
    found = Run.objects.filter(workspace_id=workspace_id)
    if agent is not None:
        found = found.filter(agent=agent)
    if state is not None:
        found = found.filter(state=state)
    return found.select_related("agent").order_by("-id")


def run(workspace_id: UUID, run_id: UUID) -> RunView:
    """One run in full; three queries. Raises `Run.DoesNotExist`."""
    found = runs_of(workspace_id).get(pk=run_id)
    return RunView(
        run=found, steps=list(found.steps.order_by("number")), proposals=proposals.of_run(run_id)
    )


def handled(
    workspace_id: UUID, playbook: str, keys: Sequence[str], *, shadow_agent: UUID | None = None
) -> set[str]:
    """Which of these cases the playbook has dealt with.

    For an agent in shadow, `shadow_agent`, also those it has tried; for nobody else.
    """
    asked = {key: key for key in keys}
    if shadow_agent is not None:
        asked |= {shadow_key(shadow_agent, key): key for key in keys}
    rows = Handled.objects.filter(workspace_id=workspace_id, playbook=playbook, key__in=asked)
    return {asked[key] for key in rows.values_list("key", flat=True)}


def labelled_examples(workspace_id: UUID, playbook: str) -> QuerySet[LabelledExample]:
    """The examples a workspace has added for a playbook, newest first."""
    return LabelledExample.objects.filter(workspace_id=workspace_id, playbook=playbook).order_by(
        "-id"
    )


def shadow_key(agent_id: UUID, key: str) -> str:
    """The key under which an agent in shadow notes that it has tried a case."""
    return f"{SHADOW}:{agent_id}:{key}"


@dataclass(frozen=True, kw_only=True)
class ShadowedChange:
    """One action that would have been proposed; `verdict` is allow | review | deny.

    `facts` are what the policy saw: with them another one can be asked.
    """

    action: str
    target: str
    fields: tuple[FieldDiff, ...]
    verdict: str
    rule: str
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Shadowed:
    """What an agent in shadow would have proposed, and what policy would have said of all of it.

    `reviewers` is how many people it would have waited for; `is_taken`: another proposal about
    the same target was open, so that it could not have been submitted.
    """

    title: str
    rationale: str
    risk: str
    amount: Decimal | None
    currency: str
    confidence: float
    verdict: str
    reviewers: int
    is_taken: bool
    changes: tuple[ShadowedChange, ...]


def shadowed(run: Run) -> list[Shadowed]:
    """What the run only tried, in order; empty for one that was not in shadow. One query."""
    step = run.steps.filter(stage=Stage.ACT, output__has_key=SHADOW).order_by("-number").first()
    return [as_shadowed(stored) for stored in step.output[SHADOW]] if step else []


def as_shadowed(kept: Mapping[str, Any]) -> Shadowed:
    """A proposal of shadow as a step keeps it."""
    changes = [
        ShadowedChange(
            **{
                **stored_change,
                "fields": tuple(FieldDiff(**diff) for diff in stored_change["fields"]),
            }
        )
        for stored_change in kept["changes"]
    ]
    amount = kept["amount"]
    values = {"changes": tuple(changes), "amount": None if amount is None else Decimal(amount)}
    return Shadowed(**{**kept, **values})


def waiting_runs(*, after: UUID | None, limit: int) -> list[tuple[UUID, datetime]]:
    """Runs that wait for their proposals and when to look anyway, oldest first, behind `after`."""
    rows = Run.objects.filter(state=State.WAITING).order_by("id")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows.values_list("pk", "not_before")[:limit])
