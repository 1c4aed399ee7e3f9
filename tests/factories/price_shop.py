"""The null connector as a shop that has prices, refuses what it is told to, and forgets nothing."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.gateway.connectors.base import Receipt, Refused
from apps.gateway.connectors.null.client import NullClient


@dataclass
class PriceShop:
    """Prices in EUR and categories by variant; `refuses` makes it say no to every change."""

    prices: dict[str, str] = field(default_factory=lambda: defaultdict(lambda: "40.00"))
    categories: dict[str, str] = field(default_factory=dict)
    refuses: bool = False

    def install(self, patch: pytest.MonkeyPatch) -> "PriceShop":
        """Have every null connector answer as this shop."""
        patch.setattr(NullClient, "snapshot", lambda _, action, params: self.seen(params))
        patch.setattr(NullClient, "predict", lambda _, action, params, snapshot: self.will(params))
        patch.setattr(NullClient, "perform", self.perform)
        patch.setattr(NullClient, "find_effect", lambda *_, **__: None)
        return self

    def seen(self, params: dict[str, Any]) -> dict[str, Any]:
        """The variant with its price."""
        return self.state(params, self.prices[params["variant_id"]])

    def will(self, params: dict[str, Any]) -> dict[str, Any]:
        """The variant once it has the price asked for."""
        return self.state(params, params["amount"])

    def state(self, params: dict[str, Any], price: str) -> dict[str, Any]:
        """The variant at a price, with its category if it is in one."""
        category = self.categories.get(params["variant_id"])
        return {"prices": {"EUR": price}} | ({"category": category} if category else {})

    def perform(self, action: str, params: dict[str, Any], **_: Any) -> Receipt:
        """Set the price, or refuse."""
        if self.refuses:
            raise Refused("No.", code="no")
        self.prices[params["variant_id"]] = params["amount"]
        return Receipt(reference="r", after=self.will(params))
