"""Carrying out approved changes: claim, re-read, intent, call, outcome."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.audit import failpoints
from apps.audit.events.executions import ExecutionStarted
from apps.audit.operations import Fact, record_all
from apps.gateway import health
from apps.gateway.clients import client_of
from apps.gateway.connectors.base import Client
from apps.gateway.connectors.gate import guarded
from apps.gateway.errors import BadAnswer, Refused, Stopped, Unproven, Unreachable
from apps.gateway.models import Connector, Execution, State
from apps.gateway.operations import breakers, grants
from apps.gateway.operations.deliveries import together
from apps.gateway.operations.outcome import (
    Outcome,
    digest,
    doubt,
    fact,
    finish,
    held_until,
    hold_back,
    is_held,
    later,
    rest,
    told,
    wait,
    write,
)
from apps.gateway.operations.saga import carry_steps, steps_of
from apps.gateway.switches import is_stopped, stopping

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
CHANGED = "The target has changed since the approval."
VOID = "The approval is void: the policy or the proposal has changed since."
HELD_UP = "The worker was held up and did not call."
STOPPED = "Stopped by a kill switch before it was called."
SLICE_SECONDS = 2.0  # then what is left of a batch is due again, behind what is more urgent
LOOK_AGAIN_SECONDS = 0.5  # a switch engaged meanwhile is seen before anything is sent


@transaction.atomic
def claim(*, worker: str, now: datetime, limit: int) -> list[Execution]:
    """Take up to `limit` due executions for this worker, most urgent first.

    Rows another worker holds, or a kill switch stops, are skipped; a claim lapses with its lease.
    What a worker died with is taken alone: it may be what killed it. What a connector with an
    open breaker or a rate may be called for is taken by itself.
    """
    due = list(
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(~stopping(), breakers.in_order(), state=State.DUE, not_before__lte=now)
        .filter(connector__enabled=True)
        .annotate(some_watched=breakers.some_watched())
        .select_related("connector__breaker")
        .order_by("-priority", "id")[:limit]
    )
    may_be_watched = not due or due[0].some_watched
    watched = breakers.take(worker=worker, now=now, limit=limit) if may_be_watched else []
    executions = watched or together(due)
    breakers.share_connectors(executions)
    for execution in executions:
        execution.worker = worker
        execution.deliveries += 1
    Execution.objects.filter(pk__in=[e.pk for e in executions]).update(
        state=State.CLAIMED,
        worker=worker,
        deliveries=F("deliveries") + 1,
        lease_until=now + lease(),
    )
    return executions


def lease() -> timedelta:
    """How long a worker may hold an execution without a sign of life."""
    return timedelta(seconds=settings.GATEWAY_LEASE_SECONDS)


def carry_out(
    executions: Sequence[Execution],
    *,
    permit: Callable[[Sequence[Execution]], set[UUID]],
    worker: str,
    clock: Clock,
) -> None:
    """Execute claimed changes, in chunks whose calls may share one committed intent.

    `permit` is asked inside the intent's transaction which of them may still be called. A slow
    back end does not keep urgent work waiting: after `SLICE_SECONDS` the rest is due again.
    """
    until = time.monotonic() + SLICE_SECONDS
    for connector, group in by_connector(executions):
        try:
            client = client_of(connector)
        except Exception as error:
            log.exception("Connector %s cannot be used", connector.pk)
            finish([wait(e, f"{connector}: {error}", now=clock()) for e in group], now=clock())
            continue
        failures = health.breaker_of(connector).failures
        for start in range(0, len(group), client.burst):
            chunk = group[start : start + client.burst]
            failing = health.breaker_of(connector).failures > failures
            if failing or time.monotonic() > until:
                let_go(chunk)
                continue
            attempt(client, chunk, permit=permit, worker=worker, clock=clock)


def attempt(
    client: Client,
    chunk: Sequence[Execution],
    *,
    permit: Callable[[Sequence[Execution]], set[UUID]],
    worker: str,
    clock: Clock,
) -> None:
    """One chunk through all its writes: re-read, intent, calls, outcomes."""
    fresh = unchanged(client, chunk, clock=clock)
    failpoints.reach("before_intent")
    begun = begin(fresh, permit=permit, worker=worker, now=clock())
    looked_at = time.monotonic()
    failpoints.reach("after_intent")
    outcomes = [call(client, execution, looked_at=looked_at, clock=clock) for execution in begun]
    failpoints.reach("after_call")
    finish(outcomes, now=clock())
    failpoints.reach("after_outcome")


def let_go(executions: Sequence[Execution]) -> None:
    """Give back what was claimed and not begun, as if it had never been taken."""
    Execution.objects.filter(
        pk__in=[e.pk for e in executions],
        worker__in={e.worker for e in executions},
        state=State.CLAIMED,
    ).update(state=State.DUE, worker="", lease_until=None, deliveries=0)


def by_connector(
    executions: Sequence[Execution],
) -> Iterable[tuple[Connector, list[Execution]]]:
    """Neighbouring executions of the same connector together, in order."""
    for _, group in groupby(executions, key=lambda execution: execution.connector_id):
        same = list(group)
        yield same[0].connector, same


def unchanged(client: Client, executions: Sequence[Execution], *, clock: Clock) -> list[Execution]:
    """Re-read each target; those that differ from what the approval saw become stale."""
    fresh, outcomes = [], []
    for execution in executions:
        try:
            with health.watch(execution.connector, clock=clock, proves=False):
                state_now = client.snapshot(execution.action, execution.params)
        except (Unreachable, BadAnswer) as error:
            outcomes.append(wait(execution, str(error), now=clock(), pause=rest(error)))
        except Refused as error:
            outcomes.append(Outcome(execution=execution, state=State.STALE, error=str(error)))
        except Exception as error:
            log.exception("Re-reading the target of execution %s failed", execution.pk)
            outcomes.append(wait(execution, f"{type(error).__name__}: {error}", now=clock()))
        else:
            if state_now == execution.snapshot:
                fresh.append(execution)
            else:
                health.note(execution.connector, answered=True, now=clock())
                outcomes.append(Outcome(execution=execution, state=State.STALE, error=CHANGED))
    finish(outcomes, now=clock())
    return fresh


@transaction.atomic
def begin(
    executions: Sequence[Execution],
    *,
    permit: Callable[[Sequence[Execution]], set[UUID]],
    worker: str,
    now: datetime,
) -> list[Execution]:
    """Commit the intent to call, and use up the grants, in one transaction.

    Only rows this worker still holds, no kill switch stops, `permit` lets pass and a grant covers.
    """
    if not executions:
        return []
    permitted = permit(executions)
    held = set(
        Execution.objects.select_for_update(of=("self",))
        .filter(
            ~stopping(),
            pk__in=permitted,
            state=State.CLAIMED,
            worker=worker,
            connector__enabled=True,
        )
        .values_list("pk", flat=True)
    )
    ready = [execution for execution in executions if execution.pk in held]
    refused = grants.consume(ready, now=now)
    failpoints.reach("after_consumption")
    begun = [execution for execution in ready if execution.pk not in refused]
    for execution in begun:
        execution.attempts += 1
        execution.lease_until = now + lease()
    Execution.objects.filter(pk__in=[e.pk for e in begun]).update(
        attempts=F("attempts") + 1, state=State.CALLING, lease_until=now + lease()
    )
    record_all([started(e) for e in begun], now=now)
    void = {e.pk: VOID for e in executions if e.pk not in permitted} | refused
    write(
        [
            Outcome(execution=e, state=State.STALE, error=void[e.pk])
            for e in executions
            if e.pk in void
        ],
        now=now,
    )
    let_go([e for e in executions if e.pk in permitted and e.pk not in held])
    return begun


def started(execution: Execution) -> Fact:
    """The event of the intent, with a digest of what will be sent."""
    request = {"key": execution.key, "action": execution.action, "params": execution.params}
    event = ExecutionStarted(**told(execution), attempt=execution.attempts, request=digest(request))
    return fact(event, execution, "gateway")


def call(client: Client, execution: Execution, *, looked_at: float, clock: Clock) -> Outcome:
    """One attempt. Success only with proof; anything unproven is unknown.

    `looked_at` is when (monotonic seconds) the kill switches were last asked.
    """
    probing = health.breaker_of(execution.connector).away
    failpoints.reach("before_call")
    try:
        with guarded(gate_of(execution, looked_at=looked_at, clock=clock)) as gate:
            if steps := steps_of(client, execution):
                return carry_steps(client, execution, steps, clock=clock)
            with health.watch(execution.connector, clock=clock):
                receipt = client.perform(
                    execution.action,
                    execution.params,
                    key=execution.key,
                    snapshot=execution.snapshot,
                )
    except Unreachable as error:
        return unreached(execution, error, sent=gate.passed, probing=probing, now=clock())
    except Refused as error:  # the connector looks once more before it sends anything
        state = State.STALE if error.code == "changed" else State.REFUSED
        return Outcome(execution=execution, state=state, error=str(error))
    except (Unproven, BadAnswer) as error:
        return doubt(execution, str(error), now=clock())
    except Exception as error:
        log.exception("The call of execution %s failed in the connector", execution.pk)
        return doubt(execution, f"{type(error).__name__}: {error}", now=clock())
    return Outcome(execution=execution, state=State.DONE, receipt=receipt)


def unreached(
    execution: Execution, error: Unreachable, *, sent: bool, probing: bool, now: datetime
) -> Outcome:
    """What becomes of a call that surely was not carried out; an attempt only if it was sent."""
    if is_held(error, sent=sent, probing=probing):
        until = held_until(error, probing=probing, now=now)
        return hold_back(execution, str(error), until=until)
    return later(execution, str(error), now=now)


def gate_of(execution: Execution, *, looked_at: float, clock: Clock) -> Callable[[], None]:
    """What is asked right before anything is sent. Raises `Stopped`.

    A worker that was held up for half its lease since the intent does not send any more: another
    may be about to take over; without a lease nobody sends. A kill switch engaged since the intent
    is seen in time.
    """

    def ask() -> None:
        if not execution.lease_until or clock() > execution.lease_until - lease() / 2:
            raise Stopped(HELD_UP)
        if time.monotonic() - looked_at > LOOK_AGAIN_SECONDS and is_stopped(execution):
            raise Stopped(STOPPED)

    return ask
