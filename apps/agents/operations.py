"""Starting, advancing, waking and cancelling runs; configuring agents."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.accounts.models import Workspace
from apps.agents import leases, loop, queries, referring
from apps.agents.models import LIVE_STATES, Agent, Autonomy, Checkpoint, Run, Stage, State
from apps.agents.playbooks import registry
from apps.agents.steps import turns
from apps.agents.steps.base import Clock
from apps.audit.events.people import AgentChanged
from apps.audit.events.runs import RunCancelled, RunRetried, RunStarted
from apps.audit.operations import record
from apps.inference import operations as inference
from apps.inference import queries as models
from apps.inference.models import Scope
from apps.proposals import queries as proposals

PAGE = 500  # waiting runs looked at together
START_TASK = "agents.start"
FRESH = timedelta(days=1)  # what was read and planned earlier is read and planned anew


class AgentDisabled(Exception):
    """The agent is switched off. Switch it on in the admin first."""


class NotFailed(Exception):
    """Only a run that has failed can be tried again; this one has not."""


class AtWork(Exception):
    """Another run of this agent is at work. Wait until it has acted, or cancel it first."""


def start(*, agent: Agent, trigger: str, by: str, now: datetime, on_behalf_of: str = "") -> Run:
    """Begin a run of the loop: schedule | event | person | api.

    An agent senses and acts in one run at a time: while one is at it, that run is returned and no
    new one begins. A run that only waits for people does not count. Raises `AgentDisabled`.
    """
    if not agent.enabled:
        raise AgentDisabled(AgentDisabled.__doc__)
    try:
        return begin(agent, trigger=trigger, by=by, on_behalf_of=on_behalf_of, now=now)
    except IntegrityError:
        active = Run.objects.filter(agent=agent, state=State.RUNNING).exclude(stage=Stage.LEARN)
        running = active.first()
        if running is not None:
            return running
        return begin(agent, trigger=trigger, by=by, on_behalf_of=on_behalf_of, now=now)


@transaction.atomic
def begin(agent: Agent, *, trigger: str, by: str, on_behalf_of: str, now: datetime) -> Run:
    """The row, the budget and the event of a new run."""
    run = Run.objects.create(
        workspace_id=agent.workspace_id,
        agent=agent,
        trigger=trigger,
        started_by=by,
        on_behalf_of=on_behalf_of,
        priority=agent.priority,
        not_before=now,
        started_at=now,
    )
    if models.model_configured(agent.workspace):
        inference.set_budget(
            workspace=agent.workspace, scope=Scope.RUN, scope_id=run.pk, limit=agent.budget_usd
        )
    started = RunStarted(agent=agent.name, playbook=agent.playbook, trigger=trigger)
    loop.record_of_run(run, started, by=by, now=now)
    return run


def advance_due(*, worker: str, clock: Clock, limit: int = 20) -> int:
    """Do a step of up to `limit` due runs, one after the other; return how many steps.

    What acting could not propose for somebody who waits is put before people at once.
    """
    for done in range(limit):
        lease = leases.claim(worker=worker, now=clock())
        if lease is None:
            return done
        acts = lease.run.stage == Stage.ACT
        loop.advance(lease, clock=clock)
        if acts:
            referring.follow_up(clock=clock)
    return limit


def resume(*, now: datetime) -> int:
    """Wake waiting runs to learn: all proposals closed, or time to look; return how many.

    And see to the cases whose proposal closed while somebody still waits for an answer.
    """
    woken, after = 0, None
    while waiting := queries.waiting_runs(after=after, limit=PAGE):
        ids = [pk for pk, _ in waiting]
        still_open = proposals.runs_with_open(ids)
        ready = [pk for pk, look_at in waiting if pk not in still_open or look_at <= now]
        # Conditional: a run cancelled meanwhile stays cancelled
        woken += Run.objects.filter(pk__in=ready, state=State.WAITING).update(
            state=State.RUNNING, stage=Stage.LEARN, not_before=now
        )
        after = ids[-1]
    return woken + referring.follow_up(clock=lambda: now)


@transaction.atomic
def retry(*, run_id: UUID, by: str, now: datetime) -> Run:
    """Have a failed run go on from its last checkpoint, as if the step had not been tried.

    Where what it had read is older than `FRESH` it reads anew: nothing is proposed from it. Raises
    `Run.DoesNotExist`, `NotFailed`, `AgentDisabled`, `AtWork`.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("agent").get(pk=run_id)
    if run.state != State.FAILED:
        raise NotFailed(NotFailed.__doc__)
    if not run.agent.enabled:
        raise AgentDisabled(AgentDisabled.__doc__)
    error, checkpoint = run.error, Checkpoint.objects.filter(run=run).first()
    if run.stage != Stage.LEARN and (checkpoint is None or checkpoint.at < now - FRESH):
        run.stage = Stage.SENSE
    run.state, run.finished_at, run.error, run.not_before = State.RUNNING, None, "", now
    run.attempts, run.deaths, run.waiting_since = 0, 0, None
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as conflict:
        raise AtWork(AtWork.__doc__) from conflict
    loop.record_of_run(run, RunRetried(stage=run.stage, error=error[:500]), by=by, now=now)
    return run


@transaction.atomic
def cancel(*, run_id: UUID, by: str, reason: str, now: datetime) -> bool:
    """Stop a run; False if it has ended already. What it has proposed stays to be decided."""
    run = Run.objects.select_for_update().filter(pk=run_id, state__in=LIVE_STATES).first()
    if run is None:
        return False
    run.state, run.finished_at, run.error = State.CANCELLED, now, reason
    run.lease_until = run.waiting_since = None
    run.save()
    run.turns.all().delete()
    loop.record_of_run(run, RunCancelled(reason=reason), by=by, now=now)
    return True


def tidy(*, now: datetime) -> None:
    """Drop what was kept for work that nobody has finished, nor will."""
    turns.forget_old(now=now)


@transaction.atomic
def configure(
    *,
    workspace: Workspace,
    name: str,
    playbook: str,
    by: str,
    now: datetime,
    enabled: bool = True,
    autonomy: Autonomy = Autonomy.BY_THRESHOLD,
    settings: Mapping[str, Any] | None = None,
    tier: str = "small",
    budget_usd: Decimal = Decimal("0.50"),
    priority: int = 5,
) -> Agent:
    """Make or change the agent of this name; recorded only if something differs.

    Raises `UnknownPlaybook` and `pydantic.ValidationError` with the setting and what is wrong.
    """
    wanted = {
        "playbook": playbook,
        "enabled": enabled,
        "autonomy": Autonomy(autonomy).value,
        "settings": dict(settings or {}),
        "tier": tier,
        "budget_usd": budget_usd,
        "priority": priority,
    }
    registry.playbook(playbook).settings.model_validate(wanted["settings"])
    existing = Agent.objects.select_for_update().filter(workspace=workspace, name=name).first()
    agent = existing or Agent(workspace=workspace, name=name, created_at=now)
    before = {field: getattr(agent, field) for field in wanted} if existing else {}
    if before == wanted:
        return agent
    for field, value in wanted.items():
        setattr(agent, field, value)
    agent.save()
    note_change(agent, before, wanted, by=by, now=now)
    return agent


@transaction.atomic
def set_autonomy(*, agent: Agent, autonomy: Autonomy, by: str, now: datetime) -> Agent:
    """Change how far an agent may go; recorded only if it differs.

    It holds from the next step on. Cases it has only tried are taken up once it leaves shadow.
    """
    locked = Agent.objects.select_for_update().get(pk=agent.pk)
    before, after = {"autonomy": locked.autonomy}, {"autonomy": autonomy.value}
    if before != after:
        locked.autonomy = autonomy.value
        locked.save(update_fields=["autonomy"])
        note_change(locked, before, after, by=by, now=now)
    return locked


def note_change(
    agent: Agent,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> None:
    """Record what changed of an agent, in the caller's transaction."""
    changed = [name for name in after if before.get(name) != after[name]]
    record(
        AgentChanged(
            name=agent.name,
            before={name: plain(before.get(name)) for name in changed},
            after={name: plain(after[name]) for name in changed},
        ),
        workspace_id=agent.workspace_id,
        actor=by,
        subject_kind="agent",
        subject_id=agent.pk,
        now=now,
    )


def plain(value: object) -> Any:
    """A JSON value of a field's value."""
    return str(value) if isinstance(value, Decimal) else value


@transaction.atomic
def schedule(*, agent: Agent, every: timedelta, by: str, now: datetime) -> PeriodicTask:
    """Start the agent regularly; from then on the schedule is edited in the admin."""
    seconds = int(every.total_seconds())
    interval, _ = IntervalSchedule.objects.get_or_create(
        every=seconds, period=IntervalSchedule.SECONDS
    )
    task, new = PeriodicTask.objects.get_or_create(
        name=f"{agent.workspace.slug}: {agent.name} ({agent.pk})",
        defaults={
            "task": START_TASK,
            "interval": interval,
            "kwargs": json.dumps({"agent_id": str(agent.pk)}),
            "description": f"Starts {agent.name}; change the interval or switch it off here.",
        },
    )
    if new:
        note_change(agent, {}, {"every_seconds": seconds}, by=by, now=now)
    return task
