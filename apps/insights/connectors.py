"""How the connectors of a workspace stand: breaker, rate, what waits for them, what came last."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count

from apps.gateway.models import Breaker, Connector, Execution, State

LATELY = timedelta(hours=1)
NEWEST = 1_000  # executions of the workspace among which the last of each connector are looked for
WAITING = (State.DUE, State.CLAIMED, State.CALLING, State.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last execution of its sort; `at` is when it ended, else when it was queued."""

    id: UUID
    at: datetime
    error: str


@dataclass(frozen=True, kw_only=True)
class ConnectorView:
    """A connector as an operator sees it; never its secret.

    `breaker` None: nothing has failed yet. `waiting` counts executions by state, `done_lately`
    those queued and done within the last hour. The last ones are None if they are not among the
    newest executions of the workspace.
    """

    connector: Connector
    breaker: Breaker | None
    rotated_at: datetime | None
    waiting: dict[str, int]
    done_lately: int
    last_done: Last | None
    last_error: Last | None


def standing(workspace_id: UUID, *, now: datetime) -> list[ConnectorView]:
    """All connectors of the workspace by name; four queries."""
    connectors = Connector.objects.filter(workspace_id=workspace_id)
    connectors = connectors.select_related("breaker", "credential").defer("credential__sealed")
    waiting = counts(workspace_id)
    lately = done_since(workspace_id, now - LATELY)
    done, failed = latest(workspace_id)
    return [
        ConnectorView(
            connector=connector,
            breaker=getattr(connector, "breaker", None),
            rotated_at=getattr(getattr(connector, "credential", None), "rotated_at", None),
            waiting=waiting[connector.pk],
            done_lately=lately.get(connector.pk, 0),
            last_done=done.get(connector.pk),
            last_error=failed.get(connector.pk),
        )
        for connector in connectors.order_by("name")
    ]


def latest(workspace_id: UUID) -> tuple[dict[UUID, Last], dict[UUID, Last]]:
    """The last execution that is done, and the last with an error, of each connector."""
    rows = Execution.objects.filter(workspace_id=workspace_id).order_by("-id")
    done: dict[UUID, Last] = {}
    failed: dict[UUID, Last] = {}
    for connector_id, pk, state, error, ended, queued in rows.values_list(
        "connector_id", "pk", "state", "error", "finished_at", "created_at"
    )[:NEWEST]:
        last = Last(id=pk, at=ended or queued, error=error)
        if state == State.DONE:
            done.setdefault(connector_id, last)
        if error:
            failed.setdefault(connector_id, last)
    return done, failed


def counts(workspace_id: UUID) -> dict[UUID, dict[str, int]]:
    """How many executions each connector still has to end, by state."""
    rows = (
        Execution.objects.filter(workspace_id=workspace_id, state__in=WAITING)
        .values("connector_id", "state")
        .annotate(n=Count("pk"))
    )
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row["connector_id"]][row["state"]] = row["n"]
    return found


def done_since(workspace_id: UUID, since: datetime) -> dict[UUID, int]:
    """How many executions queued since then are done, by connector."""
    rows = Execution.objects.filter(workspace_id=workspace_id, pk__gte=first_id(since))
    grouped = rows.filter(state=State.DONE).values("connector_id").annotate(n=Count("pk"))
    return dict(grouped.values_list("connector_id", "n"))


def first_id(moment: datetime) -> UUID:
    """The smallest id of a row made at that moment or later: ids begin with milliseconds."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
