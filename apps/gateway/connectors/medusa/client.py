"""The Medusa connector: reads as records, actions as in the catalogue.

Settings (all text, all optional): `timeout` seconds of a wait (20), `location_id` whose stock
counts (the first one).
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from apps.gateway.connectors.base import FirstLook, Receipt, Refused, Step
from apps.gateway.connectors.medusa import reads, standing
from apps.gateway.connectors.medusa.actions import ACTIONS, Action
from apps.gateway.connectors.medusa.api import AdminApi
from apps.gateway.records import Record

Read = Callable[[AdminApi, dict[str, Any]], Sequence[Record]]
READS: dict[str, tuple[Read, frozenset[str]]] = {
    "variants": (reads.variants, frozenset({"sku", "text", "limit"})),
    "orders": (reads.orders, frozenset({"number", "email", "limit"})),
    "order": (reads.order, frozenset({"order_id"})),
}


class MedusaClient:
    """One shop. `address` is the server's URL, `secret` a secret API key (`sk_...`)."""

    kind: ClassVar[str] = "medusa"
    actions: ClassVar[frozenset[str]] = frozenset(ACTIONS)
    resources: ClassVar[frozenset[str]] = frozenset(READS)
    burst: ClassVar[int] = 1
    first_look: ClassVar[FirstLook] = FirstLook(
        resource="variants",
        query={"limit": 1},
        key_hint="Is it a secret API key (sk_…)?",
        address_hint="For a shop this has to be the Medusa server, not the storefront.",
    )

    def __init__(self, address: str, secret: str, settings: dict[str, str]) -> None:
        self._location = {"location_id": settings.get("location_id") or None}
        self._api = AdminApi(address, secret, timeout=float(settings.get("timeout") or 20))

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """variants(sku, text, limit), orders(number, email, limit), order(order_id)."""
        if resource not in READS:
            raise Refused(f"Medusa has no '{resource}' to read.", code="unknown_resource")
        read, names = READS[resource]
        if unknown := query.keys() - names:
            raise Refused(
                f"'{resource}' cannot be asked by {', '.join(sorted(unknown))}; "
                f"known: {', '.join(sorted(names))}.",
                code="unknown_query",
            )
        return read(self._api, {**query, **self._location})

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """The state of the target, fresh from the shop."""
        return _action(action).snapshot(self._api, params)

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """The state after the action."""
        return _action(action).predict(params, snapshot)

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """Write once, then prove it by reading back."""
        return _action(action).perform(self._api, params, key=key, snapshot=snapshot)

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """A refund or a return by its marker, everything else by the state."""
        return _action(action).find_effect(self._api, params, key=key, snapshot=snapshot)

    def steps(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Sequence[Step]:
        """The six calls of a return; everything else is a single call."""
        return _action(action).steps(self._api, params, key=key, snapshot=snapshot)

    def catalogue_size(self) -> int:
        """How many variants the shop has."""
        return standing.catalogue_size(self._api)

    def earlier_orders(self, order_id: str) -> int:
        """How many orders its customer had paid for before this one."""
        return standing.earlier_orders(self._api, order_id)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()


def _action(name: str) -> Action:
    try:
        return ACTIONS[name]
    except KeyError:
        raise Refused(f"Medusa cannot '{name}'.", code="unknown_action") from None
