"""Carrying out approved changes: claim, re-read, intent, call, outcome."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.audit import fault
from apps.audit.kinds import Kind
from apps.audit.operations import record_all
from apps.gateway import queries
from apps.gateway.connectors.base import Client
from apps.gateway.errors import BadAnswer, Refused, Unproven, Unreachable
from apps.gateway.models import Connector, Execution, State
from apps.gateway.operations.outcome import Outcome, doubt, fact, finish, later, wait, write

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
CHANGED = "The target has changed since the approval."
VOID = "The approval is void: the policy or the proposal has changed since."


@transaction.atomic
def claim(*, worker: str, now: datetime, limit: int) -> list[Execution]:
    """Take up to `limit` due executions for this worker, most urgent first.

    Rows another worker holds are skipped; a claim lapses with its lease.
    """
    due = (
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=State.DUE, not_before__lte=now, connector__enabled=True)
        .select_related("connector")
        .order_by("-priority", "id")[:limit]
    )
    executions = list(due)
    for execution in executions:
        execution.worker = worker
    Execution.objects.filter(pk__in=[e.pk for e in executions]).update(
        state=State.CLAIMED, worker=worker, lease_until=now + lease()
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

    `permit` is asked inside the intent's transaction which of them may still be called.
    """
    for connector, group in by_connector(executions):
        try:
            client = queries.client_of(connector)
        except Exception as error:
            log.exception("Connector %s cannot be used", connector.pk)
            finish([wait(e, f"{connector}: {error}", now=clock()) for e in group], now=clock())
            continue
        for start in range(0, len(group), client.burst):
            chunk = group[start : start + client.burst]
            fresh = unchanged(client, chunk, clock=clock)
            fault.reach("before_intent")
            begun = begin(fresh, permit=permit, worker=worker, now=clock())
            fault.reach("after_intent")
            outcomes = [call(client, execution, clock=clock) for execution in begun]
            fault.reach("after_call")
            finish(outcomes, now=clock())
            fault.reach("after_outcome")


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
            state_now = client.snapshot(execution.action, execution.params)
        except (Unreachable, BadAnswer) as error:
            outcomes.append(wait(execution, str(error), now=clock()))
        except Refused as error:
            outcomes.append(Outcome(execution=execution, state=State.STALE, error=str(error)))
        except Exception as error:
            log.exception("Re-reading the target of execution %s failed", execution.pk)
            outcomes.append(wait(execution, f"{type(error).__name__}: {error}", now=clock()))
        else:
            if state_now == execution.snapshot:
                fresh.append(execution)
            else:
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
    """Commit the intent to call: only rows this worker still holds and `permit` lets pass."""
    if not executions:
        return []
    permitted = permit(executions)
    held = set(
        Execution.objects.select_for_update(of=("self",))
        .filter(pk__in=permitted, state=State.CLAIMED, worker=worker, connector__enabled=True)
        .values_list("pk", flat=True)
    )
    begun = [execution for execution in executions if execution.pk in held]
    for execution in begun:
        execution.attempts += 1
        execution.lease_until = now + lease()
    Execution.objects.filter(pk__in=held).update(
        attempts=F("attempts") + 1, state=State.CALLING, lease_until=now + lease()
    )
    record_all(
        [fact(Kind.EXECUTION_STARTED, e, "gateway", attempt=e.attempts) for e in begun], now=now
    )
    void = [e for e in executions if e.pk not in permitted]
    write([Outcome(execution=e, state=State.STALE, error=VOID) for e in void], now=now)
    return begun


def call(client: Client, execution: Execution, *, clock: Clock) -> Outcome:
    """One attempt. Success only with proof; anything unproven is unknown.

    A worker that was held up for half its lease since the intent does not call any more: another
    may be about to take over.
    """
    fault.reach("before_call")
    if execution.lease_until and clock() > execution.lease_until - lease() / 2:
        return later(execution, "The worker was held up and did not call.", now=clock())
    try:
        receipt = client.perform(
            execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
        )
    except Unreachable as error:
        return later(execution, str(error), now=clock())
    except Refused as error:
        return Outcome(execution=execution, state=State.REFUSED, error=str(error))
    except (Unproven, BadAnswer) as error:
        return doubt(execution, str(error), now=clock())
    except Exception as error:
        log.exception("The call of execution %s failed in the connector", execution.pk)
        return doubt(execution, f"{type(error).__name__}: {error}", now=clock())
    return Outcome(execution=execution, state=State.DONE, receipt=receipt)
