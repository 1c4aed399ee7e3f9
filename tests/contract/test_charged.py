"""What was really paid for the lines of an order, and what is given back of it, at both shops."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.playbooks.refund_desk.decision import Refund, refund_amount
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.paid import paid_for
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.catalogue import normalise
from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order
from apps.money.currency import step
from tests.contract.shops import Shop

Find = Callable[[str], Order]
Params = dict[str, Any]
TOTALS = "id,total,items.variant_sku,items.total,items.refundable_total"


@pytest.fixture
def api(shop: Shop) -> AdminApi:
    """The admin API without the connector."""
    return AdminApi(shop.address, shop.secret, timeout=20)


@pytest.fixture
def find(client: MedusaClient) -> Find:
    """The order of this name."""

    def look(name: str) -> Order:
        [order] = client.read("orders", email=f"{name}@charged.example")
        assert isinstance(order, Order)
        return order

    return look


def due(order: Order, *skus: str, intent: Intent = Intent.MONEY_BACK) -> Refund:
    """What the refund service gives back for these articles."""
    lines = [line for line in order.lines if line.sku in skus]
    assert len(lines) == len(skus)
    return refund_amount(
        order=order,
        intent=intent,
        lines=lines,
        settings=Settings(return_days=10_000),
        now=order.placed_at,
    )


def give_back(client: MedusaClient, order: Order, refund: Refund) -> None:
    """Carry a refund out on all its payments, each as it was predicted."""
    for place, share in enumerate(refund.shares):
        params = normalise("refund_payment", {
            "order_id": order.order_id, "payment_id": share.payment_id,
            "amount": str(share.amount), "currency": order.currency,
        })  # fmt: skip
        before = client.snapshot("refund_payment", params)
        predicted = client.predict("refund_payment", params, before)
        asked = {"key": f"charged-{order.number}-{place}", "snapshot": before}
        receipt = client.perform("refund_payment", params, **asked)
        assert receipt.after == predicted
        assert receipt.answer["amount"] == str(share.amount)


def raw(api: AdminApi, order: Order) -> Params:
    """What the shop itself says of the order's totals."""
    found: Params = api.get(path("orders", order.order_id), fields=TOTALS)["order"]
    return found


PAID = [
    ("discount", {"CH-1": "26.80", "CH-2": "20.10"}, "5.00", "51.90"),
    ("tax-in", {"CH-1": "21.60", "CH-2": "29.97"}, "7.57", "59.14"),
    ("tax-on", {"CH-1": "44.94", "CH-2": "33.71"}, "6.05", "84.70"),
    ("split", {"CH-1": "40.00", "CH-2": "30.00"}, "5.00", "75.00"),
    ("yen", {"CH-1": "6566", "CH-2": "669"}, "500", "7735"),
    ("dinar", {"CH-1": "1.255", "CH-2": "5.000"}, "0.500", "6.755"),
]


@pytest.mark.parametrize(("name", "lines", "shipping", "total"), PAID)
def test_what_was_paid(
    api: AdminApi, find: Find, name: str, lines: dict[str, str], shipping: str, total: str
) -> None:
    """Each line with its discounts and taxes, to the last minor unit, as the shop itself says."""
    order = find(name)
    paid = paid_for(order)
    found = {line.sku: str(paid.lines[line.line_id]) for line in order.lines}
    assert (found, str(paid.shipping), str(order.total)) == (lines, shipping, total)
    assert paid.doubt == ""
    for item in raw(api, order)["items"]:
        told = Decimal(str(item.get("refundable_total", item["total"])))
        assert abs(Decimal(found[item["variant_sku"]]) - told) < step(order.currency)


@pytest.mark.parametrize(
    ("name", "skus", "intent", "shares"),
    [
        ("discount", ["CH-1"], Intent.DAMAGED, ["13.40"]),
        ("tax-in", ["CH-2"], Intent.MONEY_BACK, ["29.97"]),
        ("tax-on", ["CH-1", "CH-2"], Intent.MONEY_BACK, ["78.65"]),
        ("split", ["CH-1", "CH-2"], Intent.MONEY_BACK, ["45.00", "25.00"]),
        ("yen", ["CH-2"], Intent.MONEY_BACK, ["669"]),
        ("dinar", ["CH-1"], Intent.DAMAGED, ["1.255"]),
    ],
)
def test_what_is_given_back(
    client: MedusaClient,
    api: AdminApi,
    find: Find,
    name: str,
    skus: list[str],
    intent: Intent,
    shares: list[str],
) -> None:
    """The amount is what the shop's own total falls by, over all payments, each within its own."""
    order = find(name)
    before = Decimal(str(raw(api, order)["total"]))
    refund = due(order, *skus, intent=intent)
    assert [str(share.amount) for share in refund.shares] == shares
    give_back(client, order, refund)
    after = find(name)
    fallen = before - Decimal(str(raw(api, order)["total"]))
    assert abs(fallen - refund.amount) < Decimal("1e-6")
    assert sum(payment.refunded for payment in after.payments) == refund.amount
    assert after.total == order.total
    assert all(payment.refunded <= payment.captured for payment in after.payments)


def test_the_rest_over_several_payments(client: MedusaClient, find: Find) -> None:
    """After all goods were refunded only shipping is left, and the desk gives no more than that."""
    order = find("split")
    left = sum(payment.captured - payment.refunded for payment in order.payments)
    refund = due(order, "CH-1", "CH-2")
    assert refund.amount == left == Decimal("5.00")
    assert refund.doubt


def test_cancel_gives_all_payments_back(client: MedusaClient, find: Find) -> None:
    """As predicted, each payment in full; a second time is foreseen as a refusal."""
    order = find("cancelled")
    params = {"order_id": order.order_id}
    before = client.snapshot("cancel_order", params)
    assert (before["captured"], before["total"]) == ("25.00", "25.00")
    receipt = client.perform("cancel_order", params, key="k", snapshot=before)
    assert receipt.after == client.predict("cancel_order", params, before)
    payments = find("cancelled").payments
    assert [one.refunded for one in payments] == [one.captured for one in payments]
    with pytest.raises(Refused, match="canceled already"):
        client.predict("cancel_order", params, receipt.after)


@pytest.mark.parametrize("name", ["yen", "dinar", "tax-in"])
def test_a_smaller_unit_than_the_currency_has_is_never_sent(
    client: MedusaClient, find: Find, name: str
) -> None:
    """Half a yen, a tenth of a fils: the shop would take it."""
    order = find(name)
    amount = str(step(order.currency) * Decimal("1.5"))
    params = {"order_id": order.order_id, "payment_id": order.payments[0].payment_id,
              "amount": amount, "currency": order.currency}  # fmt: skip
    before = client.snapshot("refund_payment", params)
    for call in (
        lambda: client.predict("refund_payment", params, before),
        lambda: client.perform("refund_payment", params, key="k", snapshot=before),
    ):
        with pytest.raises(Refused, match="would be") as refusal:
            call()
        assert refusal.value.field == "amount"
    assert client.snapshot("refund_payment", params) == before
