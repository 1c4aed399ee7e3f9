"""Reading the outside world (for sensing and before an approval), and how executions stand."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.gateway import catalogue
from apps.gateway.connectors import registry
from apps.gateway.connectors.base import Client
from apps.gateway.models import Connector, Credential, Execution, State
from apps.gateway.records import Record
from apps.gateway.secret import unseal


class NoConnector(LookupError):
    """No enabled connector of the workspace can do this. Configure one in the admin."""


_clients: dict[tuple[UUID, object, object], Client] = {}


def client_of(connector: Connector) -> Client:
    """The connector's client; built once per process, anew after its row or secret changed."""
    credential = Credential.objects.filter(connector=connector).first()
    identity = (connector.pk, connector.changed_at, credential and credential.rotated_at)
    if identity not in _clients:
        _clients[identity] = registry.build(
            connector.kind,
            address=connector.address,
            secret=unseal(credential.sealed) if credential else "",
            settings=connector.settings,
        )
    return _clients[identity]


def connectors_of(workspace_id: UUID) -> list[Connector]:
    """The enabled connectors of a workspace, oldest first."""
    return list(Connector.objects.filter(workspace_id=workspace_id, enabled=True).order_by("pk"))


def connector_for(workspace_id: UUID, action: str) -> Connector:
    """The connector which carries the action out. Raises `NoConnector`, `UnknownAction`."""
    catalogue.spec(action)
    for connector in connectors_of(workspace_id):
        if action in registry.KINDS[connector.kind].actions:
            return connector
    raise NoConnector(f"No enabled connector of this workspace can do '{action}'.")


def read(workspace_id: UUID, resource: str, **query: Any) -> Sequence[Record]:
    """Rows of a resource from the workspace's connector that has it.

    Raises `NoConnector` and the `ConnectorError`s of `connectors.base`.
    """
    for connector in connectors_of(workspace_id):
        if resource in registry.KINDS[connector.kind].resources:
            return client_of(connector).read(resource, **query)
    raise NoConnector(f"No enabled connector of this workspace can read '{resource}'.")


def look(connector: Connector, action: str, params: dict[str, Any]) -> tuple[Any, Any]:
    """The target as it is, and as it would be after the action: (before, after). Writes nothing.

    Raises the `ConnectorError`s of `connectors.base`.
    """
    client = client_of(connector)
    before = client.snapshot(action, params)
    return before, client.predict(action, params, before)


def foresee(
    connector: Connector, action: str, params: dict[str, Any], before: dict[str, Any]
) -> dict[str, Any]:
    """The target as it would be after the action, from a known state. No call."""
    return client_of(connector).predict(action, params, before)


def executions_of(subject_ids: Iterable[UUID]) -> dict[UUID, Execution]:
    """The newest execution of each of these changes."""
    rows = Execution.objects.filter(subject_id__in=list(subject_ids)).order_by("id")
    return {execution.subject_id: execution for execution in rows}


def stale_executions(*, now: datetime, limit: int) -> list[Execution]:
    """Executions whose approval became void and whose proposal has not been given back."""
    rows = Execution.objects.filter(state=State.STALE, reported=False, not_before__lte=now)
    return list(rows.order_by("not_before", "id")[:limit])


def executions_in(workspace_id: UUID) -> QuerySet[Execution]:
    """All executions of a workspace with their connector, newest first."""
    rows = Execution.objects.filter(workspace_id=workspace_id).select_related("connector")
    return rows.order_by("-id")
