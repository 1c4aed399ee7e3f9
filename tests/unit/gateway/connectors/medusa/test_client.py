"""The Medusa connector against a shop that misbehaves."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.gateway.connectors.base import BadAnswer, Unproven, Unreachable
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order, Variant
from tests.contract.shops import Shop

LOST = ["act_then_fail", "act_then_reset", "act_then_timeout", "act_then_garbage"]


@pytest.fixture
def client(shop: Shop) -> Iterator[MedusaClient]:
    client = MedusaClient(address=shop.address, secret=shop.secret, settings={"timeout": "1.5"})
    yield client
    client.close()


@pytest.fixture
def refund(client: MedusaClient) -> dict[str, Any]:
    """A small refund of an order that has money left."""
    for order in client.read("orders"):
        if isinstance(order, Order) and order.payment_status in {"captured", "partially_refunded"}:
            payment = order.payments[0]
            if payment.captured - payment.refunded > 20:
                return {"order_id": order.order_id, "payment_id": payment.payment_id,
                        "amount": "1.00", "currency": "EUR", "note": ""}  # fmt: skip
    raise AssertionError("no order with money left")


@pytest.fixture
def price(client: MedusaClient) -> dict[str, Any]:
    """A new price of some variant."""
    variant = client.read("variants", limit=1)[0]
    assert isinstance(variant, Variant)
    amount = f"{variant.prices['EUR'] + 1:.2f}"
    return {"product_id": variant.product_id, "variant_id": variant.variant_id,
            "currency": "EUR", "amount": amount}  # fmt: skip


@pytest.mark.parametrize("action", ["refund_payment", "set_price"])
@pytest.mark.parametrize("behavior", LOST)
def test_lost_answer(
    shop: Shop, client: MedusaClient, request: pytest.FixtureRequest, action: str, behavior: str
) -> None:
    """When the shop acts and its answer is lost, nothing is claimed until the read-back proves it."""
    params = request.getfixturevalue("refund" if action == "refund_payment" else "price")
    before = client.snapshot(action, params)
    key = f"{action}-{behavior}"
    shop.misbehave(behavior, path="/refund$|/variants/", seconds=3)
    with pytest.raises(Unproven):
        client.perform(action, params, key=key, snapshot=before)
    receipt = client.find_effect(action, params, key=key, snapshot=before)
    assert receipt is not None
    assert receipt.after == client.predict(action, params, before)
    assert [line["key"] for line in shop.get("/demo/ledger")].count(key) == 1


def test_failed_without_acting(shop: Shop, client: MedusaClient, refund: dict[str, Any]) -> None:
    """A 500 without an effect proves nothing; the read-back proves that there is none."""
    before = client.snapshot("refund_payment", refund)
    shop.misbehave("error", path="/refund$")
    with pytest.raises(Unproven):
        client.perform("refund_payment", refund, key="failed", snapshot=before)
    assert client.find_effect("refund_payment", refund, key="failed", snapshot=before) is None


def test_lost_read_back(shop: Shop, client: MedusaClient, refund: dict[str, Any]) -> None:
    """A write that was answered but cannot be read back is not proven."""
    before = client.snapshot("refund_payment", refund)
    shop.misbehave("delay", path="/orders/", seconds=0)  # the look before the refund is served
    shop.misbehave("error", path="/orders/")
    with pytest.raises(Unproven, match="accepted the call"):
        client.perform("refund_payment", refund, key="unread", snapshot=before)
    assert client.find_effect("refund_payment", refund, key="unread", snapshot=before)


def test_spoilt_read(shop: Shop, client: MedusaClient) -> None:
    """A read that fails, hangs or gets garbage says so."""
    for behavior, error in (("error", Unreachable), ("delay", Unreachable), ("garbage", BadAnswer)):
        shop.misbehave(behavior, path="/orders$")
        with pytest.raises(error):
            client.read("orders")


def test_a_cost_has_a_currency(client: MedusaClient, price: dict[str, Any]) -> None:
    """The cost noted at a variant is in euro, whatever currency the price is in."""
    for currency in ("EUR", "USD"):
        before = client.snapshot("set_price", {**price, "currency": currency})
        assert (bool(before["cost"]), before["cost_currency"]) == (True, "EUR")


def test_a_price_tells_its_category(client: MedusaClient) -> None:
    """Where the shop shows the product; nothing where it shows it nowhere. It stays as it is."""
    variants = {one.sku: one for one in client.read("variants") if isinstance(one, Variant)}
    found = {}
    for sku, one in variants.items():
        if sku[:7] in ("TRS-ALD", "AID-ALD"):
            params = {"product_id": one.product_id, "variant_id": one.variant_id,
                      "currency": "EUR", "amount": "1.00"}  # fmt: skip
            before = client.snapshot("set_price", params)
            found[sku[:3]] = before["category"]
            assert client.predict("set_price", params, before)["category"] == before["category"]
    assert found == {"TRS": "Footwear", "AID": ""}


def test_spoilt_read_before_write(shop: Shop, client: MedusaClient, price: dict[str, Any]) -> None:
    """Garbage in the read before a write means that nothing was sent."""
    before = client.snapshot("set_price", price)
    shop.misbehave("garbage", path="/variants/")
    with pytest.raises(Unreachable, match="Nothing was sent"):
        client.perform("set_price", price, key="unsent", snapshot=before)
    assert "unsent" not in [line["key"] for line in shop.get("/demo/ledger")]


def test_ledger_names_the_key(shop: Shop, client: MedusaClient, price: dict[str, Any]) -> None:
    """The shop's ledger holds one line per change, with the key of the call."""
    before = client.snapshot("set_price", price)
    client.perform("set_price", price, key="noted", snapshot=before)
    (line,) = [line for line in shop.get("/demo/ledger") if line["key"] == "noted"]
    assert (line["action"], line["amount"], line["currency"]) == (
        "set_price", price["amount"], "EUR",
    )  # fmt: skip
    client.perform("set_price", price, key="again", snapshot=client.snapshot("set_price", price))
    (line,) = [line for line in shop.get("/demo/ledger") if line["key"] == "again"]
    assert line["action"] == "no_change"
