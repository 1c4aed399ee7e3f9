"""Resolving what is not proven: a crashed worker's claim, an answer that never came."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from django.db import transaction

from apps.gateway import queries
from apps.gateway.errors import BadAnswer, CannotTell, Refused, Unreachable
from apps.gateway.models import Execution, State
from apps.gateway.operations.attempt import lease
from apps.gateway.operations.outcome import MAX_ATTEMPTS, Outcome, doubt, finish

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def reconcile(*, clock: Clock, limit: int = 20) -> int:
    """Resolve executions whose worker is gone or whose outcome is not proven; return how many.

    A claim that lapsed before its intent is simply due again. A lapsed call is read back: proven
    done, proven absent (due again), or shown to a person.
    """
    now = clock()
    Execution.objects.filter(state=State.CLAIMED, lease_until__lt=now).update(
        state=State.DUE, worker=""
    )
    lapsed = take_lapsed(now=now, limit=limit)
    for execution in lapsed:
        finish([read_back(execution, clock=clock)], now=clock())
    return len(lapsed)


@transaction.atomic
def take_lapsed(*, now: datetime, limit: int) -> list[Execution]:
    """Unproven executions whose time has come, held by a new lease while they are read back."""
    lapsed = list(
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state__in=[State.CALLING, State.UNKNOWN], lease_until__lt=now)
        .select_related("connector")
        .order_by("lease_until")[:limit]
    )
    holder = f"reconcile:{uuid4().hex}"
    for execution in lapsed:
        execution.worker = holder
    Execution.objects.filter(pk__in=[e.pk for e in lapsed]).update(
        state=State.UNKNOWN, lease_until=now + lease(), worker=holder
    )
    return lapsed


def read_back(execution: Execution, *, clock: Clock) -> Outcome:
    """Ask the back end whether the effect is there."""
    try:
        client = queries.client_of(execution.connector)
        receipt = client.find_effect(
            execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
        )
    except CannotTell as error:
        return Outcome(execution=execution, state=State.NEEDS_PERSON, error=str(error))
    except (Unreachable, BadAnswer, Refused) as error:
        return doubt(execution, str(error), now=clock())
    except Exception as error:
        log.exception("Reading execution %s back failed in the connector", execution.pk)
        return doubt(execution, f"{type(error).__name__}: {error}", now=clock())
    if receipt:
        return Outcome(execution=execution, state=State.DONE, receipt=receipt)
    if execution.attempts >= MAX_ATTEMPTS:
        error_text = f"Proven absent after {execution.attempts} attempts."
        return Outcome(execution=execution, state=State.NEEDS_PERSON, error=error_text)
    return Outcome(execution=execution, state=State.DUE, error="Proven absent; called again.")
