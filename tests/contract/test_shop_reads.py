"""What the Medusa connector reads, and what it is refused, alike in both shops."""

import pytest

from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa import listing
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order, Variant
from tests.contract.changes import (
    NOWHERE,
    Params,
    TakeVariant,
    api,
)
from tests.contract.shops import Shop

__all__ = ["api"]  # a fixture


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("update_product", {"product_id": f"prod_{NOWHERE}", "title": "x"}),
        ("cancel_order", {"order_id": f"order_{NOWHERE}"}),
        ("set_price", {"product_id": "..", "variant_id": "..", "currency": "EUR", "amount": "1"}),
    ],
)
def test_missing_records(client: MedusaClient, action: str, params: Params) -> None:
    """Records that do not exist, and ids that are none, are refused."""
    with pytest.raises(Refused):
        client.snapshot(action, params)


def test_unknown_field(api: AdminApi, take_variant: TakeVariant) -> None:
    """The shop refuses a field it does not know."""
    with pytest.raises(Refused, match="Unrecognized fields: 'colour'") as refusal:
        api.post(path("products", take_variant().product_id), {"colour": "red"}, key="k")
    assert refusal.value.code == "invalid_data"


def test_wrong_secret(shop: Shop) -> None:
    """A wrong key is refused, for reads and for writes."""
    stranger = AdminApi(shop.address, "sk_wrong", timeout=20)
    for call in (
        lambda: stranger.get(path("orders")),
        lambda: stranger.post(path("orders", f"order_{NOWHERE}", "cancel"), {}, key="k"),
    ):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.code == "unauthorized"


def test_variants(client: MedusaClient) -> None:
    """A variant comes with product, prices in upper-case currencies, cost and stock."""
    variants = [v for v in client.read("variants") if isinstance(v, Variant)]
    assert len({v.variant_id for v in variants}) == len(variants) >= 16
    whole = [v for v in variants if set(v.prices) == {"EUR", "USD"}]
    assert len(whole) > len(variants) // 2
    for variant in whole:
        assert variant.cost is not None
        assert variant.cost > 0
        assert variant.stock is not None
        assert variant.inventory_item_id
        assert variant.location_id
        assert variant.product_title
        assert variant.sku
        assert variant.updated_at
    (found,) = client.read("variants", sku=whole[0].sku)
    assert found == whole[0]


def test_pages(client: MedusaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing read in small pages is the listing read in one."""
    whole = {v.variant_id for v in client.read("variants")}  # type: ignore[attr-defined]
    monkeypatch.setattr(listing, "PAGE", 5)
    pages = [v.variant_id for v in client.read("variants")]  # type: ignore[attr-defined]
    assert len(pages) == len(set(pages)) == len(whole)
    assert len(client.read("variants", limit=7)) == 7


def test_orders(client: MedusaClient) -> None:
    """Orders come newest first and are found by number, address and id."""
    orders = [o for o in client.read("orders") if isinstance(o, Order)]
    assert len(orders) >= 20
    assert orders == sorted(orders, key=lambda o: o.placed_at, reverse=True)
    order = orders[3]
    assert order.currency == "EUR"
    assert order.lines
    assert order.total > 0
    assert sum(line.unit_price * line.quantity for line in order.lines) < order.total
    assert client.read("orders", number=f"#{order.number}") == [order]
    assert client.read("order", order_id=order.order_id) == [order]
    same = client.read("orders", email=order.email.upper())
    assert same == [o for o in orders if o.email == order.email]
    assert client.read("orders", number="987654") == []
    assert len(client.read("orders", limit=2)) == 2


@pytest.mark.parametrize(("resource", "query"), [("customers", {}), ("orders", {"status": "open"})])
def test_unknown_reads(client: MedusaClient, resource: str, query: Params) -> None:
    """A resource or a query the connector does not have is refused before any call."""
    with pytest.raises(Refused):
        client.read(resource, **query)
