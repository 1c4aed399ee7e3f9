"""A connector nobody but this file knows: a till which issues gift cards, in memory."""

from collections.abc import Sequence
from typing import Any, ClassVar

from apps.gateway.connectors.base import FirstLook, Receipt, Refused
from apps.gateway.connectors.gate import ask_first
from apps.gateway.records import Record


class TillClient:
    """One till. Its cards are kept by the idempotency key they were issued with."""

    kind: ClassVar[str] = "till"
    actions: ClassVar[frozenset[str]] = frozenset({"issue_gift_card"})
    resources: ClassVar[frozenset[str]] = frozenset()
    burst: ClassVar[int] = 1
    first_look: ClassVar[FirstLook] = FirstLook(key_hint="It stands on the back of the till.")
    cards: ClassVar[dict[str, str]] = {}

    def __init__(self, address: str, secret: str, settings: dict[str, str]) -> None:
        self._secret = secret

    def greet(self) -> None:
        """Sign in."""
        if self._secret != "sesame":
            raise Refused("The till does not know this key.", code="401")

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """There is nothing to read."""
        raise Refused(f"A till has no '{resource}'.", code="unknown_resource")

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """No card yet."""
        return {"balance": "0.00"}

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """A card of that amount."""
        return {"balance": params["amount"]}

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """Issue the card."""
        ask_first()
        self.cards[key] = params["amount"]
        return Receipt(reference=f"card {key[:8]}", after=self.predict(action, params, snapshot))

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """The card with this key."""
        if key not in self.cards:
            return None
        return Receipt(reference=f"card {key[:8]}", after=self.predict(action, params, snapshot))
