"""Resolving what is not proven: a crashed worker's claim, an answer that never came."""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from apps.audit import failpoints
from apps.gateway import health
from apps.gateway.clients import client_of
from apps.gateway.connectors.base import Receipt
from apps.gateway.connectors.gate import guarded
from apps.gateway.errors import BadAnswer, CannotTell, Refused, Unreachable
from apps.gateway.models import Execution, State
from apps.gateway.operations import breakers
from apps.gateway.operations.attempt import gate_of, lease
from apps.gateway.operations.deliveries import MAX_DELIVERIES, together
from apps.gateway.operations.outcome import MAX_ATTEMPTS, Outcome, doubt, finish, write
from apps.gateway.operations.saga import carry_on
from apps.gateway.readers import reader_of

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def reconcile(*, clock: Clock, limit: int = 20) -> int:
    """Resolve executions whose worker is gone or whose outcome is not proven; return how many.

    A claim that lapsed before its intent is simply due again. A lapsed call is read back: proven
    done, proven absent (due again), or shown to a person. What workers keep dying with is parked.
    """
    now = clock()
    park_lapsed(now=now, limit=limit)
    Execution.objects.filter(state=State.CLAIMED, lease_until__lt=now).exclude(
        deliveries__gte=MAX_DELIVERIES
    ).update(state=State.DUE, worker="")
    lapsed = take_lapsed(now=now, limit=limit)
    for execution in lapsed:
        outcome = resolve(execution, clock=clock)
        failpoints.reach("after_read_back")
        finish([outcome], now=clock())
    return len(lapsed)


@transaction.atomic
def park_lapsed(*, now: datetime, limit: int) -> None:
    """Set aside what too many workers have died with before they called."""
    poison = list(
        Execution.objects.select_for_update(skip_locked=True)
        .filter(state=State.CLAIMED, lease_until__lt=now, deliveries__gte=MAX_DELIVERIES)
        .order_by("lease_until")[:limit]
    )
    error = f"Set aside after {MAX_DELIVERIES} workers died with it; nothing was called."
    write(
        [
            Outcome(execution=e, state=State.PARKED, error=error, deliveries=e.deliveries)
            for e in poison
        ],
        now=now,
    )


@transaction.atomic
def take_lapsed(*, now: datetime, limit: int) -> list[Execution]:
    """Unproven executions whose time has come, held by a new lease while they are read back.

    Those whose back end may not be called now are left for later.
    """
    rows = list(
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state__in=[State.CALLING, State.UNKNOWN], lease_until__lt=now)
        .select_related("connector__breaker")
        .order_by("lease_until")[:limit]
    )
    found = together(rows, usual=1)  # its worker took it once
    holder = f"reconcile:{uuid4().hex}"
    lapsed, waiting = breakers.passable(found, now=now)
    for until, executions in waiting.items():
        Execution.objects.filter(pk__in=[e.pk for e in executions]).update(
            state=State.UNKNOWN, lease_until=until, worker=holder
        )
    for execution in lapsed:
        execution.worker = holder
    Execution.objects.filter(pk__in=[e.pk for e in lapsed]).update(
        state=State.UNKNOWN,
        lease_until=now + lease(),
        worker=holder,
        deliveries=F("deliveries") + 1,
    )
    return lapsed


def resolve(execution: Execution, *, clock: Clock) -> Outcome:
    """Read back, unless too many workers have died with this execution already."""
    if execution.deliveries >= MAX_DELIVERIES:
        error = f"{execution.deliveries} workers died with it; whether it happened is open."
        return ending(execution, State.NEEDS_PERSON, error)
    failpoints.reach("before_read_back")
    return resume(execution, clock=clock) or read_back(execution, clock=clock)


def resume(execution: Execution, *, clock: Clock) -> Outcome | None:
    """Go on with an action of several calls; None where it is a single one, or nothing stands."""
    try:
        client = client_of(execution.connector)
        with guarded(gate_of(execution, looked_at=-math.inf, clock=clock)):
            return carry_on(client, execution, clock=clock)
    except Exception as error:
        log.exception("Going on with execution %s failed", execution.pk)
        return doubt(execution, f"{type(error).__name__}: {error}", now=clock())


def read_back(execution: Execution, *, clock: Clock) -> Outcome:
    """Ask the back end whether the effect is there."""
    try:
        reader = reader_of(execution.connector)
        with health.watch(execution.connector, clock=clock):
            receipt = reader.find_effect(
                execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
            )
    except CannotTell as error:
        return ending(execution, State.NEEDS_PERSON, str(error))
    except (Unreachable, BadAnswer, Refused) as error:
        return doubt(execution, str(error), now=clock())
    except Exception as error:
        log.exception("Reading execution %s back failed in the connector", execution.pk)
        return doubt(execution, f"{type(error).__name__}: {error}", now=clock())
    if receipt:
        return ending(execution, State.DONE, receipt=receipt)
    if execution.attempts >= MAX_ATTEMPTS:
        error_text = f"Proven absent after {execution.attempts} attempts."
        return ending(execution, State.NEEDS_PERSON, error_text)
    return ending(execution, State.DUE, "Proven absent; called again.")


def ending(
    execution: Execution, state: State, error: str = "", receipt: Receipt | None = None
) -> Outcome:
    """What reading back has shown; the count of lost workers stays as it was."""
    return Outcome(
        execution=execution,
        state=state,
        error=error,
        receipt=receipt,
        deliveries=execution.deliveries,
    )
