"""Parameters of actions on the records of a shop."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.gateway.catalogue import normalise
from apps.gateway.connectors.medusa.api import AdminApi
from apps.gateway.records import Order, Variant
from tests.contract.shops import Shop

Params = dict[str, Any]
TakeVariant = Callable[[], Variant]
TakeOrder = Callable[..., Order]
ANY_FULFILLMENT = frozenset({"not_fulfilled", "shipped", "delivered"})
SENT = frozenset({"fulfilled", "shipped", "delivered"})
NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"  # a well-formed ULID that is no record's


@pytest.fixture
def api(shop: Shop) -> AdminApi:
    """The admin API without the connector, to see what the shop itself does."""
    return AdminApi(shop.address, shop.secret, timeout=20)


def price_of(variant: Variant, amount: str, currency: str = "EUR") -> Params:
    return normalise("set_price", {
        "product_id": variant.product_id, "variant_id": variant.variant_id,
        "currency": currency, "amount": amount,
    })  # fmt: skip


def stock_of(variant: Variant, quantity: int) -> Params:
    item = {"inventory_item_id": variant.inventory_item_id, "location_id": variant.location_id}
    return normalise("set_stock", {**item, "quantity": quantity})


def refund_of(order: Order, amount: str) -> Params:
    return normalise("refund_payment", {
        "order_id": order.order_id, "payment_id": order.payments[0].payment_id,
        "amount": amount, "currency": order.currency, "note": "damaged item",
    })  # fmt: skip


def return_of(order: Order, pieces: int = 1) -> Params:
    items = [{"line_id": order.lines[0].line_id, "quantity": pieces}]
    return normalise("return_items", {"order_id": order.order_id, "items": items, "note": "small"})
