"""What a connector can be read with by whoever may not act: the rest of its client is not there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from apps.gateway.clients import client_of
from apps.gateway.connectors import registry
from apps.gateway.connectors.base import Acquainted, Catalogued, Client, Greeting, Receipt
from apps.gateway.models import Connector
from apps.gateway.records import Record


class Reader:
    """The reads of a client; each raises as `connectors.base.Client` says."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """Rows of a resource."""
        return self._client.read(resource, **query)

    def greet(self) -> None:
        """Ask whether one is let in, where nothing can be read to see it."""
        if isinstance(self._client, Greeting):
            self._client.greet()

    def catalogue_size(self) -> int | None:
        """How many variants there are; None where there is no catalogue."""
        client = self._client
        return client.catalogue_size() if isinstance(client, Catalogued) else None

    def earlier_orders(self, order_id: str) -> int | None:
        """How many orders the customer had paid for before this one; None where nobody knows."""
        client = self._client
        return client.earlier_orders(order_id) if isinstance(client, Acquainted) else None

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """The state of the target an approval rests on."""
        return self._client.snapshot(action, params)

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """The snapshot as it will be after the action. No call."""
        return self._client.predict(action, params, snapshot)

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """Whether an earlier attempt with `key` took effect."""
        return self._client.find_effect(action, params, key=key, snapshot=snapshot)


def reader_of(connector: Connector) -> Reader:
    """What the connector can be read with. Raises as `clients.client_of`."""
    return Reader(client_of(connector))


@contextmanager
def stranger(kind: str, *, address: str, secret: str, settings: dict[str, str]) -> Iterator[Reader]:
    """What a system that is no connector yet can be read with, closed at the end.

    Raises `LookupError` and `ValueError` for what no client can be built from.
    """
    client = registry.build(kind, address=address, secret=secret, settings=settings)
    try:
        yield Reader(client)
    finally:
        if hasattr(client, "close"):
            client.close()
