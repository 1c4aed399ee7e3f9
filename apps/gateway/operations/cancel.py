"""Taking an execution back while nobody has begun it."""

from datetime import datetime

from django.db import transaction

from apps.audit.events.executions import ExecutionCancelled
from apps.audit.operations import record_all
from apps.gateway.models import Execution, State
from apps.gateway.operations import grants
from apps.gateway.operations.outcome import fact, told


@transaction.atomic
def cancel(execution: Execution, *, by: str, why: str, now: datetime) -> bool:
    """Cancel an execution that is due and not yet claimed, with its open grant.

    False, and nothing has changed, when a worker was faster or it has ended.
    """
    # only one of this update and a worker's claim moves the row
    moved = Execution.objects.filter(pk=execution.pk, state=State.DUE).update(
        state=State.CANCELLED, error=why, worker="", lease_until=None, finished_at=now,
        reported=True,
    )  # fmt: skip
    if not moved:
        return False
    grants.revoke([execution.pk], now=now)
    execution.state, execution.error, execution.finished_at = State.CANCELLED, why, now
    record_all([fact(ExecutionCancelled(**told(execution), reason=why), execution, by)], now=now)
    return True
