"""The loop: sense, plan, act, learn. `advance` does the next step of a run; read this first.

    claim -> take the step -> in one transaction: step, checkpoint, event, where the run goes next

A worker that dies in between leaves a lease that lapses; the step is done again from the last
checkpoint. That is safe: sensing and planning write nothing but what a model has answered, which
is not asked again, and what acting and learning write is in the transaction of their checkpoint.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import Max

from apps.agents import outages
from apps.agents.heartbeat import Heartbeat
from apps.agents.leases import Lease, LeaseLost, give_back
from apps.agents.models import Checkpoint, Run, Stage, State, Step
from apps.agents.playbooks import registry
from apps.agents.steps import STEPS, turns
from apps.agents.steps.base import Clock, Context, Taken, Then
from apps.audit import failpoints
from apps.audit.event import Event
from apps.audit.events.runs import (
    RunEscalated,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStepped,
    RunWaiting,
)
from apps.audit.operations import record
from apps.gateway import switches
from apps.proposals.operations import Overloaded

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5  # of a step that fails in order
MAX_DEATHS = 3  # of workers with the same step
# A waiting run learns what policy alone has settled after a moment, then once a day, and in the
# end when all its proposals are closed
FIRST_LOOK, LATER_LOOK = timedelta(seconds=15), timedelta(days=1)
COUNTED = ("cases", "recalled")  # of what planning gives, in its event too: insights counts them
AFTER = {Stage.SENSE: Stage.PLAN, Stage.PLAN: Stage.ACT, Stage.ACT: Stage.LEARN}


def advance(lease: Lease, *, clock: Clock) -> None:
    """Do the next step of a run: commit it, or let go of the run to be tried again later."""
    run, started_at = lease.run, clock()
    if run.deaths >= MAX_DEATHS:  # do not let it kill another
        fail(lease, f"{run.deaths} workers died with it in a row. {run.error}", now=started_at)
        return
    try:
        with Heartbeat(lambda: lease.renew(now=clock())) as heart:
            context = prepare(lease, heart, clock=clock)
            take(lease, context, started_at=started_at, clock=clock)
        failpoints.reach("after_checkpoint")
    except LeaseLost as error:
        log.info("Run %s: %s", run.pk, error)
    except outages.HOPELESS as error:
        fail(lease, str(error), now=clock())
    except Overloaded as error:
        make_way(lease, error, now=clock())
    except Exception as error:  # whatever happens, the run is not lost
        if isinstance(error, DatabaseError) and not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # or nothing could be written of it
        if why := outages.reason(error):
            put_off(lease, error, why, now=clock())
            return
        log.warning("Run %s failed to %s (try %d)", run.pk, run.stage, lease.attempt, exc_info=True)
        stumble(lease, f"{type(error).__name__}: {error}", now=clock())


def take(lease: Lease, context: Context, *, started_at: datetime, clock: Clock) -> None:
    """Take the step, then commit it if the run is still ours. Raises `LeaseLost`.

    The row is locked only now: a lock held while a step calls out would hold up the audit log.
    """
    taken = STEPS[Stage(lease.run.stage)](context)
    failpoints.reach("before_checkpoint")
    with transaction.atomic():
        lease.lock()
        if callable(taken):
            taken = taken()
        commit(lease, context, taken, started_at=started_at, now=clock())


def prepare(lease: Lease, heart: Heartbeat, *, clock: Clock) -> Context:
    """What the step is given. Raises `UnknownPlaybook`, `pydantic.ValidationError`."""

    def keep(patience: timedelta) -> None:
        heart.allow(patience)
        lease.keep(now=clock())

    playbook = registry.playbook(lease.run.agent.playbook)
    checkpoint = Checkpoint.objects.filter(run=lease.run).first()
    return Context(
        run=lease.run,
        playbook=playbook,
        settings=playbook.settings.model_validate(lease.run.agent.settings),
        state=checkpoint.state if checkpoint else {},
        now=clock(),
        clock=clock,
        keep=keep,
        work=lease.run.stage,
    )


def commit(
    lease: Lease, context: Context, taken: Taken, *, started_at: datetime, now: datetime
) -> None:
    """Write the step, the checkpoint, the event and where the run goes next."""
    run, stage = lease.run, Stage(lease.run.stage)
    last = run.steps.aggregate(last=Max("number"))["last"] or 0
    Step.objects.create(
        workspace_id=run.workspace_id,
        run=run,
        number=last + 1,
        stage=stage,
        input_digest=digest(context.state),
        output=taken.output,
        summary=taken.summary,
        planner=taken.planner,
        started_at=started_at,
        finished_at=now,
    )
    Checkpoint.objects.update_or_create(
        run=run,
        defaults={
            "workspace_id": run.workspace_id,
            "stage": AFTER.get(stage, stage),
            "state": taken.state,
            "at": now,
        },
    )
    stepped = RunStepped(
        stage=stage.value,
        number=last + 1,
        summary=taken.summary,
        planner=taken.planner,
        **{name: taken.output[name] for name in COUNTED if name in taken.output},
    )
    record_of_run(run, stepped, now=now)
    turns.forget(run.pk, context.work)
    follow(run, stage, taken, now=now)


def follow(run: Run, stage: Stage, taken: Taken, *, now: datetime) -> None:
    """Move the run on: to the next stage, to wait for its proposals, or to its end."""
    run.attempts, run.deaths, run.worker, run.lease_until, run.error = 0, 0, "", None, ""
    run.waiting_since = None
    run.summary = taken.summary
    if taken.then in (Then.GO_ON, Then.WAIT):
        run.stage = AFTER.get(stage, stage)
    if taken.then == Then.WAIT:
        run.state = State.WAITING
        run.not_before = now + (LATER_LOOK if stage == Stage.LEARN else FIRST_LOOK)
        record_of_run(run, RunWaiting(proposals=len(taken.state.get("proposals", []))), now=now)
    elif taken.then == Then.FINISH:
        run.state, run.finished_at = State.DONE, now
        record_of_run(run, RunFinished(summary=taken.summary), now=now)
    elif taken.then == Then.ESCALATE:
        run.state, run.finished_at = State.ESCALATED, now
        record_of_run(run, RunEscalated(stage=stage.value, reason=taken.summary), now=now)
    run.save()


def put_off(lease: Lease, error: Exception, why: str, *, now: datetime) -> None:
    """Wait until what is away is back, asking ever more rarely; after `PATIENCE` the run fails.

    The time that a kill switch held the run is not counted. That it waits, and for what, is
    recorded when it begins.
    """
    run, since = lease.run, lease.run.waiting_since or now
    if waited(run, since=since, now=now) >= outages.PATIENCE:
        hours = outages.PATIENCE // timedelta(hours=1)
        fail(lease, f"Still away after {hours} hours. {why}", now=now)
        return
    later = outages.next_try(error, since=since, now=now)
    with transaction.atomic():
        held = give_back(
            lease, error=why[:2_000], not_before=later, attempts=0, waiting_since=since
        )
        if held and run.waiting_since is None:
            record_of_run(run, RunPaused(stage=run.stage, reason=why[:500]), now=now)


def waited(run: Run, *, since: datetime, now: datetime) -> timedelta:
    """How long the run has waited without being held by a kill switch."""
    if now - since < outages.PATIENCE:
        return now - since
    stopped = switches.held(
        workspace_id=run.workspace_id, agent_id=run.agent_id, since=since, now=now
    )
    return now - since - stopped


def make_way(lease: Lease, error: Overloaded, *, now: datetime) -> None:
    """Try the step again when more is taken on, for ever: that is up to people here."""
    later = now + timedelta(seconds=error.retry_after)
    give_back(lease, error=str(error), not_before=later, attempts=0)


def stumble(lease: Lease, error: str, *, now: datetime) -> None:
    """Try the step again after a pause that doubles, up to `MAX_ATTEMPTS` times in all."""
    if lease.attempt >= MAX_ATTEMPTS:
        fail(lease, error, now=now)
        return
    pause = timedelta(seconds=2**lease.attempt)
    give_back(lease, error=error[:2_000], not_before=now + pause)


def fail(lease: Lease, error: str, *, now: datetime) -> None:
    """End a run that cannot go on; what it has proposed stays as it is."""
    with transaction.atomic():
        try:
            run = lease.lock()
        except LeaseLost:
            return
        run.state, run.finished_at, run.error = State.FAILED, now, error[:2_000]
        run.lease_until, run.worker, run.waiting_since = None, "", None
        run.save()
        record_of_run(run, RunFailed(stage=run.stage, error=error[:500]), now=now)


def record_of_run(run: Run, event: Event, *, now: datetime, by: str = "") -> None:
    """Record an event about a run, in the caller's transaction."""
    record(
        event,
        workspace_id=run.workspace_id,
        actor=by or run.agent.actor,
        subject_kind="run",
        subject_id=run.pk,
        run_id=run.pk,
        now=now,
    )


def digest(state: Mapping[str, Any]) -> str:
    """SHA-256 of a checkpoint, the same for the same content."""
    content = json.dumps(state, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()
