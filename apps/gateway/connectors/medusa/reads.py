"""What can be read from Medusa, as canonical records."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.gateway.connectors.base import BadAnswer, Refused
from apps.gateway.connectors.medusa.answers import (
    CENT,
    InventoryItem,
    Level,
    OrderAnswer,
    Page,
    ProductAnswer,
    VariantAnswer,
    check,
)
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.records import Order, OrderLine, Payment, Variant

PAGE = 200  # rows of one listing call
VARIANT_FIELDS = (
    "id,sku,title,metadata,updated_at,product_id,product.id,product.title,*prices,"
    "inventory_items.inventory_item_id,*inventory_items.inventory.location_levels"
)
ORDER_FIELDS = (
    "id,display_id,email,currency_code,status,payment_status,fulfillment_status,original_total,"
    "created_at,items.id,items.title,items.subtitle,items.variant_sku,items.quantity,"
    "items.unit_price,payment_collections.payments.id,payment_collections.payments.currency_code,"
    "*payment_collections.payments.captures,*payment_collections.payments.refunds"
)


def variants(api: AdminApi, query: dict[str, Any]) -> list[Variant]:
    """Variants with prices, cost and stock. `query`: sku, text, limit (default: all)."""
    limit = query.get("limit")
    filters = {"sku": query.get("sku"), "q": query.get("text")}
    rows = _pages(api, "product-variants", "variants", limit, order="id", fields=VARIANT_FIELDS,
                  **{name: str(value) for name, value in filters.items() if value})  # fmt: skip
    return [_variant(check(VariantAnswer, row), query) for row in rows]


def orders(api: AdminApi, query: dict[str, Any]) -> list[Order]:
    """Orders, newest first. `query`: number, email, limit (default: all).

    Medusa ignores filters it does not know, so its text search narrows and we compare.
    """
    number, email = query.get("number"), query.get("email")
    number = str(number).lstrip("#") if number else None
    search = {"q": number or str(email)} if number or email else {}
    rows = _pages(api, "orders", "orders", query.get("limit"), order="-created_at",
                  fields=ORDER_FIELDS, **search)  # fmt: skip
    found = [_order(check(OrderAnswer, row)) for row in rows]
    return [
        order
        for order in found
        if (not number or order.number == number)
        and (not email or order.email.casefold() == str(email).casefold())
    ]


def order(api: AdminApi, query: dict[str, Any]) -> list[Order]:
    """The order with `order_id`, as a list of one. Raises `Refused` if there is none."""
    return [_order(fetch_order(api, str(query["order_id"])))]


def fetch_order(api: AdminApi, order_id: str) -> OrderAnswer:
    """One order. Raises `Refused` (not_found)."""
    answer = api.get(path("orders", order_id), fields=ORDER_FIELDS)
    return check(OrderAnswer, answer.get("order"))


def fetch_variant(api: AdminApi, product_id: str, variant_id: str) -> VariantAnswer:
    """One variant. Medusa answers 200 and `{}` when it does not exist: `Refused` (not_found)."""
    answer = api.get(path("products", product_id, "variants", variant_id), fields=VARIANT_FIELDS)
    if not answer.get("variant"):
        raise Refused(f"Product {product_id} has no variant {variant_id}.", code="not_found")
    return check(VariantAnswer, answer["variant"])


def fetch_product(api: AdminApi, product_id: str) -> ProductAnswer:
    """Texts and status of one product. Raises `Refused` (not_found)."""
    answer = api.get(path("products", product_id), fields="id,title,subtitle,description,status")
    return check(ProductAnswer, answer.get("product"))


def fetch_level(api: AdminApi, item_id: str, location_id: str) -> tuple[InventoryItem, Level]:
    """An inventory item and its level at a location. Raises `Refused` (not_found)."""
    answer = api.get(path("inventory-items", item_id), fields="id,sku,title,*location_levels")
    item = check(InventoryItem, answer.get("inventory_item"))
    for level in item.location_levels:
        if level.location_id == location_id:
            return item, level
    raise Refused(f"Item {item_id} is not stocked at location {location_id}.", code="not_found")


def _pages(
    api: AdminApi, listing: str, name: str, limit: int | None, **query: str
) -> Iterator[Any]:
    """Rows of a listing, page by page, until `limit` or the end."""
    offset = 0
    while limit is None or offset < limit:
        size = PAGE if limit is None else min(PAGE, int(limit) - offset)
        answer = api.get(path(listing), limit=size, offset=offset, **query)
        rows = answer.get(name)
        if not isinstance(rows, list):
            raise BadAnswer(f"Medusa's listing has no '{name}'.")
        yield from rows
        offset += len(rows)
        if not rows or offset >= check(Page, answer).count:
            return


def _variant(variant: VariantAnswer, query: dict[str, Any]) -> Variant:
    level = _level(variant, query.get("location_id"))
    return Variant(
        product_id=variant.product_id,
        variant_id=variant.id,
        sku=variant.sku,
        product_title=variant.product.title,
        title=variant.title,
        prices=_clear_prices(variant),
        cost=None if variant.cost is None else variant.cost.quantize(CENT),
        stock=int(level[1].stocked_quantity) if level else None,
        inventory_item_id=level[0] if level else None,
        location_id=level[1].location_id if level else None,
        updated_at=variant.updated_at,
    )


def _clear_prices(variant: VariantAnswer) -> dict[str, Decimal]:
    """Plain prices by currency; a currency with two prices (parallel writes) is left out."""
    times = Counter(price.currency for price in variant.prices if price.plain)
    return {
        price.currency: price.amount.quantize(CENT)
        for price in variant.prices
        if price.plain and times[price.currency] == 1
    }


def _level(variant: VariantAnswer, location_id: str | None) -> tuple[str, Level] | None:
    """The inventory item and level that count: at the configured location, else the first."""
    levels = [
        (link.inventory_item_id, level)
        for link in variant.inventory_items
        for level in (link.inventory.location_levels if link.inventory else [])
        if location_id is None or level.location_id == location_id
    ]
    return min(levels, key=lambda pair: pair[1].id, default=None)


def _order(order: OrderAnswer) -> Order:
    return Order(
        order_id=order.id,
        number=str(order.display_id),
        email=order.email,
        status=order.status,
        payment_status=order.payment_status,
        fulfillment_status=order.fulfillment_status,
        currency=order.currency_code.upper(),
        total=order.original_total.quantize(CENT),
        placed_at=order.created_at,
        lines=[
            OrderLine(
                line_id=line.id,
                sku=line.variant_sku,
                title=" / ".join(part for part in (line.title, line.subtitle) if part),
                quantity=line.quantity,
                unit_price=line.unit_price.quantize(CENT),
            )
            for line in order.items
        ],
        payments=[
            Payment(
                payment_id=payment.id,
                currency=payment.currency_code.upper(),
                captured=payment.captured.quantize(CENT),
                refunded=payment.refunded.quantize(CENT),
            )
            for payment in order.payments
        ],
    )
