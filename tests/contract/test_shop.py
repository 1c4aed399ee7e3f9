"""What the Medusa connector relies on, true of the demo shop and of a real Medusa alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from apps.gateway.catalogue import normalise
from apps.gateway.connectors.base import BadAnswer, CannotTell, ConnectorError, Refused
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
    api,
    price_of,
    refund_of,
    return_of,
    stock_of,
)
from tests.factories.gate import open_gate

__all__ = ["api"]  # a fixture


@pytest.fixture(params=["set_price", "set_stock", "update_product", "refund_payment",
                        "cancel_order", "return_items"])  # fmt: skip
def change(
    request: pytest.FixtureRequest, take_variant: TakeVariant, take_order: TakeOrder
) -> tuple[str, Params]:
    """Each action with parameters that change an untouched record."""
    makers: dict[str, Callable[[], Params]] = {
        "set_price": lambda: price_of(take_variant(), "33.33"),
        "set_stock": lambda: stock_of(take_variant(), 7),
        "update_product": lambda: normalise("update_product", {
            "product_id": take_variant().product_id, "title": "Renamed", "subtitle": "Größe é"}),
        "refund_payment": lambda: refund_of(take_order(ANY_FULFILLMENT), "2.50"),
        "cancel_order": lambda: {"order_id": take_order().order_id},
        "return_items": lambda: return_of(take_order(SENT)),
    }  # fmt: skip
    return request.param, makers[request.param]()


def test_prediction(client: MedusaClient, change: tuple[str, Params]) -> None:
    """The predicted state is the state after the call, for every action."""
    action, params = change
    before = client.snapshot(action, params)
    predicted = client.predict(action, params, before)
    assert predicted != before
    receipt = client.perform(action, params, key="contract-1", snapshot=before)
    assert receipt.after == predicted == client.snapshot(action, params)
    assert receipt.reference


def test_read_back(client: MedusaClient, change: tuple[str, Params]) -> None:
    """Before the call no effect is found, after it the effect is, for every action."""
    action, params = change
    before = client.snapshot(action, params)
    asked = {"key": "contract-2", "snapshot": before}
    assert client.find_effect(action, params, **asked) is None
    done = client.perform(action, params, **asked)
    found = client.find_effect(action, params, **asked)
    assert found is not None
    assert (found.reference, found.after) == (done.reference, done.after)


def test_price_keeps_others(client: MedusaClient, take_variant: TakeVariant) -> None:
    """Changing the price in one currency leaves the other currency as it was."""
    variant = take_variant()
    params = price_of(variant, "41.25")
    client.perform("set_price", params, key="k", snapshot=client.snapshot("set_price", params))
    prices = {v.variant_id: v.prices for v in client.read("variants")}[variant.variant_id]  # type: ignore[attr-defined]
    assert prices == {**variant.prices, "EUR": Decimal("41.25")}


def test_price_list_is_replaced(
    client: MedusaClient, api: AdminApi, take_variant: TakeVariant
) -> None:
    """The shop deletes every price that a write leaves out: the reason why we send all."""
    variant = take_variant()
    target = path("products", variant.product_id, "variants", variant.variant_id)
    api.post(target, {"prices": [{"currency_code": "eur", "amount": 12.5}]}, key="k")
    after = client.snapshot("set_price", price_of(variant, "1"))
    assert after["prices"] == {"EUR": "12.50"}


def test_price_changed_meanwhile(client: MedusaClient, take_variant: TakeVariant) -> None:
    """A price list that changed after the approval is not overwritten."""
    params = price_of(take_variant(), "44")
    before = client.snapshot("set_price", params)
    dollars = {**params, "currency": "USD", "amount": "99.00"}
    client.perform("set_price", dollars, key="k1", snapshot=before)
    with pytest.raises(Refused) as refusal:
        client.perform("set_price", params, key="k2", snapshot=before)
    assert refusal.value.code == "changed"
    with pytest.raises(CannotTell):
        client.find_effect("set_price", params, key="k2", snapshot=before)


def test_missing_variant(client: MedusaClient, api: AdminApi, take_variant: TakeVariant) -> None:
    """A write on a variant that does not exist gets 200 from the shop, but no success from us."""
    variant = take_variant()
    params = price_of(variant, "10") | {"variant_id": f"variant_{NOWHERE}"}
    target = path("products", variant.product_id, "variants", params["variant_id"])
    body = {"prices": [{"currency_code": "eur", "amount": 10}]}
    assert api.post(target, body, key="k")["product"]["id"] == variant.product_id
    before = client.snapshot("set_price", price_of(variant, "10"))
    for call in (
        lambda: client.snapshot("set_price", params),
        lambda: client.perform("set_price", params, key="k", snapshot=before),
    ):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.code == "not_found"


def test_parallel_price_writes(
    client: MedusaClient, api: AdminApi, take_variant: TakeVariant
) -> None:
    """Parallel writes leave two prices of one currency; a snapshot refuses to build on that."""
    variant = take_variant()
    target = path("products", variant.product_id, "variants", variant.variant_id)

    def write(amount: int) -> Any:
        body = {"prices": [{"currency_code": "eur", "amount": amount}]}
        with open_gate():  # a thread does not inherit one
            return api.post(target, body, key="k")

    def collide() -> bool:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(write, range(40, 46)))
        (now,) = client.read("variants", sku=variant.sku)
        assert isinstance(now, Variant)
        return "EUR" not in now.prices  # which of the two it is cannot be said

    assert any(collide() for _ in range(5)), "a race: it may take more than one round to show"
    with pytest.raises(BadAnswer, match="two EUR prices"):
        client.snapshot("set_price", price_of(variant, "10"))


def test_refund_cap(client: MedusaClient, lend_order: TakeOrder) -> None:
    """More than what was captured is refused, and nothing is refunded then."""
    order = lend_order(ANY_FULFILLMENT)
    params = refund_of(order, str(order.total + 1))
    before = client.snapshot("refund_payment", params)
    with pytest.raises(Refused) as refusal:
        client.perform("refund_payment", params, key="k", snapshot=before)
    assert refusal.value.code == "invalid_data"
    assert client.snapshot("refund_payment", params) == before


def test_refund_marker(client: MedusaClient, take_order: TakeOrder) -> None:
    """A refund is found by its own key only; money moved by another is not taken for it."""
    params = refund_of(take_order(ANY_FULFILLMENT), "3.00")
    before = client.snapshot("refund_payment", params)
    receipt = client.perform("refund_payment", params, key="abc", snapshot=before)
    assert receipt.reference.startswith("ref_")
    assert receipt.answer["amount"] == "3.00"
    assert receipt.after["payment_status"] == "partially_refunded"
    with pytest.raises(CannotTell):
        client.find_effect("refund_payment", params, key="ab", snapshot=before)
    now = client.snapshot("refund_payment", params)
    assert client.find_effect("refund_payment", params, key="ab", snapshot=now) is None


def test_refund_in_full(client: MedusaClient, take_order: TakeOrder) -> None:
    """A payment refunded in two parts ends as refunded; the order's total stays what it was."""
    order = take_order(ANY_FULFILLMENT)
    for number, amount in enumerate(("1.00", str(order.total - 1))):
        params = refund_of(order, amount)
        before = client.snapshot("refund_payment", params)
        client.perform("refund_payment", params, key=f"part-{number}", snapshot=before)
    (after,) = client.read("order", order_id=order.order_id)
    assert isinstance(after, Order)
    assert (after.payment_status, after.total) == ("refunded", order.total)
    assert after.payments[0].refunded == order.payments[0].captured


def test_what_caps_are_reckoned_from(client: MedusaClient, take_variant: TakeVariant) -> None:
    """How much there is, where it is shown, and what whoever ordered had paid for before."""
    assert client.catalogue_size() == len(client.read("variants"))
    before = client.snapshot("set_price", price_of(take_variant(), "9.00"))
    assert isinstance(before["category"], str)
    every = [one for one in client.read("orders") if isinstance(one, Order)]
    for one in every[:8]:
        paid = [other for other in every
                if other.email == one.email and other.placed_at < one.placed_at
                and other.payment_status in ("captured", "partially_refunded")
                and other.status != "canceled"]  # fmt: skip
        assert client.earlier_orders(one.order_id) == len(paid)


def test_no_idempotency(client: MedusaClient, api: AdminApi, take_order: TakeOrder) -> None:
    """The shop carries the same refund out twice, key or not: the reason for the read-back."""
    params = refund_of(take_order(ANY_FULFILLMENT), "1.00")
    before = client.snapshot("refund_payment", params)
    for _ in range(2):
        target = path("payments", params["payment_id"], "refund")
        api.post(target, {"amount": 1, "note": "aios:same"}, key="same")
    after = client.snapshot("refund_payment", params)
    assert Decimal(after["refunded"]) == Decimal(before["refunded"]) + 2


def test_parallel_refunds(client: MedusaClient, take_order: TakeOrder) -> None:
    """Of four refunds of nearly everything at once, one is carried out."""
    order = take_order(ANY_FULFILLMENT)
    params = refund_of(order, str(order.total - 1))
    before = client.snapshot("refund_payment", params)

    def refund(number: int) -> bool:
        try:
            with open_gate():  # a thread does not inherit one
                client.perform("refund_payment", params, key=f"p{number}", snapshot=before)
        except ConnectorError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(refund, range(4))) == 1
    after = client.snapshot("refund_payment", params)
    assert Decimal(after["refunded"]) == order.total - 1


def test_refund_wrong_currency(client: MedusaClient, lend_order: TakeOrder) -> None:
    """A refund in another currency than the payment's is never sent."""
    params = refund_of(lend_order(ANY_FULFILLMENT), "1.00") | {"currency": "JPY"}
    before = client.snapshot("refund_payment", params)
    with pytest.raises(Refused):
        client.perform("refund_payment", params, key="k", snapshot=before)
    assert client.snapshot("refund_payment", params) == before


def test_refund_of_foreign_payment(client: MedusaClient, lend_order: TakeOrder) -> None:
    """A payment that is not the order's is refused."""
    params = refund_of(lend_order(ANY_FULFILLMENT), "1.00") | {"payment_id": f"pay_{NOWHERE}"}
    with pytest.raises(Refused) as refusal:
        client.snapshot("refund_payment", params)
    assert refusal.value.code == "not_found"


def test_cancel_twice(client: MedusaClient, take_order: TakeOrder) -> None:
    """A paid order is refunded in full by its cancellation; a second one is refused."""
    order = take_order()
    params = {"order_id": order.order_id}
    before = client.snapshot("cancel_order", params)
    receipt = client.perform("cancel_order", params, key="k", snapshot=before)
    assert receipt.after["status"] == "canceled"
    assert receipt.after["refunded"] == receipt.after["captured"] == str(order.total)
    for snapshot in (before, receipt.after):
        with pytest.raises(Refused):
            client.perform("cancel_order", params, key="k", snapshot=snapshot)
    assert client.snapshot("cancel_order", params) == receipt.after


def test_cancel_fulfilled(client: MedusaClient, lend_order: TakeOrder) -> None:
    """A fulfilled order is not cancelled."""
    order = lend_order(SENT)
    params = {"order_id": order.order_id}
    before = client.snapshot("cancel_order", params)
    with pytest.raises(Refused) as refusal:
        client.perform("cancel_order", params, key="k", snapshot=before)
    assert refusal.value.code == "not_allowed"
    assert client.find_effect("cancel_order", params, key="k", snapshot=before) is None


def test_cancel_unpaid(client: MedusaClient, used: set[str]) -> None:
    """An order nobody paid is cancelled without a refund."""
    order = next(o for o in client.read("orders")
                 if isinstance(o, Order) and o.payment_status == "not_paid"
                 and o.status == "pending" and o.order_id not in used)  # fmt: skip
    used.add(order.order_id)
    params = {"order_id": order.order_id}
    before = client.snapshot("cancel_order", params)
    receipt = client.perform("cancel_order", params, key="k", snapshot=before)
    assert (receipt.after["refunded"], receipt.after["payment_status"]) == ("0.00", "not_paid")


def test_stock_refusals(client: MedusaClient, take_variant: TakeVariant) -> None:
    """Negative stock and places that do not exist are refused."""
    params = stock_of(take_variant(), 5)
    before = client.snapshot("set_stock", params)
    with pytest.raises(Refused) as refusal:
        client.perform("set_stock", {**params, "quantity": -1}, key="k", snapshot=before)
    assert refusal.value.code == "invalid_data"
    for name, prefix in (("location_id", "sloc"), ("inventory_item_id", "iitem")):
        with pytest.raises(Refused) as refusal:
            client.snapshot("set_stock", {**params, name: f"{prefix}_{NOWHERE}"})
        assert refusal.value.code == "not_found"


def test_product_texts(client: MedusaClient, take_variant: TakeVariant) -> None:
    """Only the given texts of a product change; the price is not touched."""
    variant = take_variant()
    params = normalise("update_product", {"product_id": variant.product_id,
                                          "description": "Neu – „schön“\n2. Zeile",
                                          "status": "draft"})  # fmt: skip
    before = client.snapshot("update_product", params)
    after = client.perform("update_product", params, key="k", snapshot=before).after
    assert after["title"] == before["title"]
    assert (after["description"], after["status"]) == (params["description"], "draft")
    assert client.snapshot("set_price", price_of(variant, "1"))["prices"]["EUR"] == str(
        variant.prices["EUR"]
    )
