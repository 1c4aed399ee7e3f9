"""What a prediction refuses the shop refuses too, and what the shop refuses a prediction does."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order, Variant
from tests.contract.changes import (
    ANY_FULFILLMENT,
    NOWHERE,
    SENT,
    Params,
    TakeOrder,
    TakeVariant,
    price_of,
    refund_of,
    return_of,
    stock_of,
)
from tests.contract.shops import Shop


@pytest.fixture
def api(shop: Shop) -> AdminApi:
    """The admin API without the connector, to see what the shop itself does."""
    return AdminApi(shop.address, shop.secret, timeout=20)


@pytest.fixture
def lend_variant(take_variant: TakeVariant, used: set[str]) -> TakeVariant:
    """Hand out a variant for a test that leaves it as it was."""

    def lend() -> Variant:
        variant = take_variant()
        used.discard(variant.product_id)
        return variant

    return lend


def foreseen(client: MedusaClient, action: str, params: Params, snapshot: Any = None) -> Refused:
    """The refusal of a prediction, which a call makes as well, without a trace in the shop."""
    before = snapshot or client.snapshot(action, params)
    for call in (
        lambda: client.predict(action, params, before),
        lambda: client.perform(action, params, key="k", snapshot=before),
    ):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.field
    assert client.snapshot(action, params) == before
    return refusal.value


def refused(call: Callable[[], Any]) -> bool:
    """Whether the shop itself says no."""
    with pytest.raises(Refused):
        call()
    return True


@pytest.mark.parametrize("too_much", ["1.00", "1000.00"])
def test_more_than_is_left(
    client: MedusaClient, api: AdminApi, take_order: TakeOrder, too_much: str
) -> None:
    """Of what was captured, less what was refunded."""
    order = take_order(ANY_FULFILLMENT)
    first = refund_of(order, "3.00")
    before = client.snapshot("refund_payment", first)
    client.perform("refund_payment", first, key="first", snapshot=before)
    amount = order.total - 3 + Decimal(too_much)
    refusal = foreseen(client, "refund_payment", refund_of(order, str(amount)))
    assert (refusal.code, refusal.field) == ("invalid_data", "amount")
    assert f"Only {order.total - 3} EUR is left" in str(refusal)
    payment = path("payments", order.payments[0].payment_id, "refund")
    assert refused(lambda: api.post(payment, {"amount": float(amount)}, key="k"))


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_nothing_is_no_refund(
    client: MedusaClient, api: AdminApi, lend_order: TakeOrder, amount: str
) -> None:
    """Neither nothing nor less."""
    order = lend_order(ANY_FULFILLMENT)
    params = refund_of(order, "1.00") | {"amount": amount}
    assert foreseen(client, "refund_payment", params).field == "amount"
    payment = path("payments", order.payments[0].payment_id, "refund")
    assert refused(lambda: api.post(payment, {"amount": float(amount)}, key="k"))


def test_another_currency(client: MedusaClient, lend_order: TakeOrder) -> None:
    """The shop asks for none, so nobody else could tell."""
    params = refund_of(lend_order(ANY_FULFILLMENT), "1.00") | {"currency": "JPY"}
    assert foreseen(client, "refund_payment", params).field == "currency"


def test_an_unpaid_order_gives_nothing_back(client: MedusaClient) -> None:
    """It has no payment to name."""
    order = next(o for o in client.read("orders")
                 if isinstance(o, Order) and o.payment_status == "not_paid")  # fmt: skip
    params = {"order_id": order.order_id, "payment_id": f"pay_{NOWHERE}", "amount": "1.00",
              "currency": "EUR"}  # fmt: skip
    with pytest.raises(Refused, match="has no payment"):
        client.snapshot("refund_payment", params)


def test_what_has_left_is_not_cancelled(
    client: MedusaClient, api: AdminApi, lend_order: TakeOrder
) -> None:
    """Neither by us nor by the shop."""
    params = {"order_id": lend_order(SENT).order_id}
    assert foreseen(client, "cancel_order", params).code == "not_allowed"
    assert refused(lambda: api.post(path("orders", params["order_id"], "cancel"), {}, key="k"))


def test_a_second_cancellation(client: MedusaClient, api: AdminApi, take_order: TakeOrder) -> None:
    """Of an order that is canceled."""
    params = {"order_id": take_order().order_id}
    before = client.snapshot("cancel_order", params)
    client.perform("cancel_order", params, key="k", snapshot=before)
    assert "canceled already" in str(foreseen(client, "cancel_order", params))
    assert refused(lambda: api.post(path("orders", params["order_id"], "cancel"), {}, key="k"))


def test_stock_below_nothing(
    client: MedusaClient, api: AdminApi, lend_variant: TakeVariant
) -> None:
    """Refused by both; a quantity of nothing is fine."""
    params = stock_of(lend_variant(), 5)
    assert foreseen(client, "set_stock", {**params, "quantity": -1}).field == "quantity"
    target = path("inventory-items", params["inventory_item_id"], "location-levels",
                  params["location_id"])  # fmt: skip
    assert refused(lambda: api.post(target, {"stocked_quantity": -1}, key="k"))
    before = client.snapshot("set_stock", params)
    assert client.predict("set_stock", {**params, "quantity": 0}, before)["quantity"] == 0


def test_a_status_no_product_has(
    client: MedusaClient, api: AdminApi, lend_variant: TakeVariant
) -> None:
    """Refused by both."""
    product = lend_variant().product_id
    params = {"product_id": product, "status": "sold out"}
    assert foreseen(client, "update_product", params).field == "status"
    assert refused(lambda: api.post(path("products", product), {"status": "sold out"}, key="k"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "-5"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"currency": "ZZZ"}, "currency"),
        ({"currency": "JPY", "amount": "10.50"}, "amount"),
    ],
)
def test_prices_the_shop_should_refuse(
    client: MedusaClient, lend_variant: TakeVariant, change: Params, field: str
) -> None:
    """Medusa takes them all: here they are refused before anybody approves them."""
    params = price_of(lend_variant(), "10.00") | change
    assert foreseen(client, "set_price", params).field == field


def test_three_decimals_where_the_currency_has_them(
    client: MedusaClient, take_variant: TakeVariant
) -> None:
    """A price in dinars keeps its third decimal, one in yen has none."""
    variant = take_variant()
    for currency, amount in (("KWD", "1.255"), ("JPY", "980")):
        params = price_of(variant, amount, currency)
        before = client.snapshot("set_price", params)
        after = client.perform("set_price", params, key="k", snapshot=before).after
        assert after["prices"][currency] == amount
    (found,) = client.read("variants", sku=variant.sku)
    assert isinstance(found, Variant)
    assert (found.prices["KWD"], found.prices["JPY"]) == (Decimal("1.255"), Decimal(980))


def test_more_goods_than_were_sent(
    client: MedusaClient, api: AdminApi, lend_order: TakeOrder
) -> None:
    """One piece too many comes back neither here nor there."""
    order = lend_order(SENT)
    params = return_of(order, int(order.lines[0].quantity) + 1)
    assert foreseen(client, "return_items", params).field == "items"
    opened = api.post(path("returns"), {"order_id": order.order_id}, key="k")["return"]["id"]
    items = [{"id": order.lines[0].line_id, "quantity": params["items"][0]["quantity"]}]
    assert refused(
        lambda: api.post(path("returns", opened, "request-items"), {"items": items}, key="k")
    )
    api.delete(path("returns", opened, "request"), key="k")


def test_goods_that_have_not_left(client: MedusaClient, lend_order: TakeOrder) -> None:
    """They cannot come back."""
    order = lend_order()
    assert "0 were sent" in str(foreseen(client, "return_items", return_of(order)))


def test_a_line_of_another_order(client: MedusaClient, lend_order: TakeOrder) -> None:
    """Already the look at it is refused; so is its prediction from a state that is known."""
    order = lend_order(SENT)
    params = return_of(order)
    before = client.snapshot("return_items", params)
    other = {**params, "items": [{"line_id": f"ordli_{NOWHERE}", "quantity": 1}]}
    for call in (
        lambda: client.snapshot("return_items", other),
        lambda: client.predict("return_items", other, before),
    ):
        with pytest.raises(Refused, match="has no line") as refusal:
            call()
        assert refusal.value.field == "items"
