"""What a shop tells of its customers and of its catalogue as a whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.connectors.medusa.responses import PlacedOrder
from apps.gateway.records import Order
from tests.contract.shops import Shop, demo_shop
from tests.factories import shop_orders


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Where the shop keeps its data."""
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def client(ledger: Path) -> Iterator[MedusaClient]:
    """A connector to a demo shop of its own."""
    with demo_shop(ledger) as shop:
        client = connect(shop)
        yield client
        client.close()


def connect(shop: Shop) -> MedusaClient:
    """A connector to it."""
    return MedusaClient(address=shop.address, secret=shop.secret, settings={})


def orders(client: MedusaClient, **query: Any) -> list[Order]:
    """Orders of the shop."""
    return [one for one in client.read("orders", **query) if isinstance(one, Order)]


def test_the_size_of_the_catalogue(client: MedusaClient) -> None:
    """As many as a full listing has."""
    assert client.catalogue_size() == len(client.read("variants")) > 200


def test_each_order_has_the_paid_ones_before_it(client: MedusaClient) -> None:
    """Of all orders of the demo shop, worked out from the whole list."""
    every = orders(client)
    found = {}
    for one in every:
        paid = [other for other in every
                if other.email == one.email and other.placed_at < one.placed_at
                and other.payment_status in ("captured", "partially_refunded")
                and other.status != "canceled"]  # fmt: skip
        found[one.number] = client.earlier_orders(one.order_id)
        assert found[one.number] == len(paid)
    assert 0 in found.values()
    assert max(found.values()) > 1


def plant(ledger: Path, email: str, *, age: float, payments: tuple[float, ...] = (20.0,)) -> str:
    """An order of 20 euros; its number."""
    return shop_orders.plant(ledger, {
        "email": email, "currency": "eur", "total": 20.0, "payments": payments, "age_days": age,
        "fulfillment": "delivered",
        "lines": [{"sku": "X", "title": "X", "quantity": 1, "unit_price": 20.0}],
    })  # fmt: skip


def test_only_paid_orders_of_the_same_mailbox_before_it_count(
    client: MedusaClient, ledger: Path
) -> None:
    """Not a later one, not one nobody paid for, not one of somebody whose address contains it."""
    number = plant(ledger, "ann@new.example", age=5)
    plant(ledger, "ann@new.example", age=1)
    plant(ledger, "ann@new.example", age=9, payments=())
    plant(ledger, "joann@new.example", age=9)
    [order] = orders(client, number=number)
    assert client.earlier_orders(order.order_id) == 0
    plant(ledger, "Ann@New.example", age=8)
    assert client.earlier_orders(order.order_id) == 1


@pytest.mark.parametrize(
    ("status", "payment_status", "is_paid"),
    [("pending", "captured", True), ("completed", "partially_refunded", True),
     ("pending", "refunded", False), ("pending", "not_paid", False),
     ("pending", "authorized", False), ("canceled", "captured", False)],
)  # fmt: skip
def test_an_order_counts_where_some_of_its_money_was_kept(
    status: str, payment_status: str, is_paid: bool
) -> None:
    """What was given back whole, cancelled or never paid makes nobody a customer."""
    placed = PlacedOrder(id="o", email="a@b.example", status=status, payment_status=payment_status,
                         created_at="2026-11-20T10:00:00Z")  # type: ignore[arg-type]  # fmt: skip
    assert placed.is_paid == is_paid
