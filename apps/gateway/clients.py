"""The clients of connectors, built once per process.

One that can act is for `gateway.operations` alone; everybody else reads (`gateway.queries`).
"""

from uuid import UUID

from apps.gateway.connectors import registry
from apps.gateway.connectors.base import Client
from apps.gateway.models import Connector, Credential
from apps.gateway.secret import unseal

_clients: dict[tuple[UUID, object, object], Client] = {}


def client_of(connector: Connector) -> Client:
    """The connector's client, built anew after its row or secret changed.

    Raises `LookupError` and `ValueError` for a connector from which none can be built.
    """
    credential: Credential | None = getattr(connector, "credential", None)
    identity = (connector.pk, connector.changed_at, credential and credential.rotated_at)
    if identity not in _clients:
        _clients[identity] = registry.build(
            connector.kind,
            address=connector.address,
            secret=unseal(credential.sealed) if credential else "",
            settings=connector.settings,
        )
    return _clients[identity]


def forget_all() -> None:
    """Close every client; they are built anew when they are needed, for example after a fork."""
    for client in _clients.values():
        if hasattr(client, "close"):
            client.close()
    _clients.clear()
