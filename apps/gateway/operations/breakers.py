"""Due executions of connectors not in order, or with a rate: only as many as may be called.

Why PostgreSQL and not a library keeps the state is told in `apps.gateway.health`. What an open
breaker keeps from being called is not even claimed, so that it costs the other connectors nothing;
one execution per interval is claimed all the same, as the probe.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from apps.gateway import health
from apps.gateway.models import (
    ActionSetting,
    Connector,
    Execution,
    State,
    WhenAway,
)
from apps.gateway.operations.deliveries import together
from apps.gateway.operations.outcome import AWAY, Outcome, write
from apps.gateway.switches import stopping

_turn: list[datetime] = []


def in_order() -> Q:
    """Whether nothing has to be asked before its call: a condition for queries over executions.

    A list of the few watched connectors, not a join: PostgreSQL would think the join very
    selective, and sort the whole queue for its first rows.
    """
    return ~Q(connector__in=Connector.objects.filter(health.WATCHED).values("pk"))


def some_watched() -> Exists:
    """Whether any connector is not in order or has a rate; asked along with something else."""
    return Exists(Connector.objects.filter(health.WATCHED, enabled=True))


def take(*, worker: str, now: datetime, limit: int) -> list[Execution]:
    """Due executions of one watched connector, as many as may be called now; locked, not claimed.

    What a worker died with is taken alone. Where the back end is away, actions which are set to
    go to a person then are given back. Runs in the claim's transaction.
    """
    _turn.clear()
    for connector in watched(now=now):
        if health.breaker_of(connector).away:
            give_back(connector, worker=worker, now=now, limit=limit)
        rows = due_of(connector, now=now, limit=limit)
        if not rows:
            continue
        admission = health.admit(
            connector, len(rows), cost=health.EXECUTION_COST, now=now, wait=False
        )
        if admission.passed:
            return rows[: admission.passed]
        if admission.until:
            _turn.append(admission.until)
    return []


def turn(*, now: datetime) -> float | None:
    """In how many seconds what the last claim of this process had to leave may be called."""
    return max((min(_turn) - now).total_seconds(), 0.0) if _turn else None


def watched(*, now: datetime) -> list[Connector]:
    """Connectors with due executions that are not in order or have a rate, each in its turn."""
    due = Execution.objects.filter(connector=OuterRef("pk"), state=State.DUE, not_before__lte=now)
    rows = Connector.objects.filter(Exists(due), health.WATCHED, enabled=True)
    return list(rows.select_related("breaker").order_by("breaker__refilled_at", "pk"))


def due_of(connector: Connector, *, now: datetime, limit: int) -> list[Execution]:
    """The connector's most urgent due executions, locked; the first alone if a worker died with
    it."""
    rows = list(
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(~stopping(), connector=connector, state=State.DUE, not_before__lte=now)
        .order_by("-priority", "id")[:limit]
    )
    for row in rows:
        row.connector = connector
    return together(rows)


def give_back(connector: Connector, *, worker: str, now: datetime, limit: int) -> None:
    """End the wait of actions that go to a person while the back end is away; nothing is called.

    What a kill switch holds back besides waits for its release.
    """
    chosen = ActionSetting.objects.filter(
        workspace_id=connector.workspace_id, when_away=WhenAway.PERSON
    ).values("action")
    rows = list(
        Execution.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(~stopping(), connector=connector, state=State.DUE, not_before__lte=now)
        .filter(action__in=chosen)
        .order_by("-priority", "id")[:limit]
    )
    if not rows:
        return
    for row in rows:
        row.worker = worker
    Execution.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=State.CLAIMED, worker=worker
    )
    write([Outcome(execution=e, state=State.STALE, error=health.GIVEN_BACK) for e in rows], now=now)


def passable(
    executions: Sequence[Execution], *, now: datetime
) -> tuple[list[Execution], dict[datetime, list[Execution]]]:
    """Those whose back end may be read now, and the others by when to ask again."""
    share_connectors(executions)
    groups = defaultdict(list)
    for execution in executions:
        groups[execution.connector].append(execution)
    passed: list[Execution] = []
    waiting: dict[datetime, list[Execution]] = {}
    for connector, group in groups.items():
        admission = health.admit(connector, len(group), cost=health.READ_COST, now=now, wait=False)
        passed += group[: admission.passed]
        if admission.until and len(group) > admission.passed:
            until = min(admission.until, now + AWAY)  # it may close before its next probe
            waiting.setdefault(until, []).extend(group[admission.passed :])
    return passed, waiting


def share_connectors(executions: Iterable[Execution]) -> None:
    """Have executions of one connector know the same object: what one call shows, all know."""
    known: dict[object, Connector] = {}
    for execution in executions:
        execution.connector = known.setdefault(execution.connector_id, execution.connector)
