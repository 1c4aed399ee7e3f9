"""What can be read from Medusa, as canonical records."""

from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from apps.gateway import email_address, record_fields
from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.listing import Listing, merge
from apps.gateway.connectors.medusa.responses import (
    COST_CURRENCY,
    Answer,
    InventoryItem,
    InventoryLink,
    Level,
    LineAnswer,
    OrderAnswer,
    PaymentAnswer,
    Price,
    ProductAnswer,
    Shape,
    VariantAnswer,
    check,
)
from apps.gateway.record_fields import exact
from apps.gateway.records import GivenBack, Order, OrderLine, Payment, Variant
from apps.gateway.rows import Note, Rows, explain
from apps.money.currency import is_currency, minor_units

VARIANT_FIELDS = (
    "id,sku,title,metadata,updated_at,product_id,product.id,product.title,*prices,"
    "inventory_items.inventory_item_id,*inventory_items.inventory.location_levels"
)
ONE_VARIANT = (
    f"{VARIANT_FIELDS},product.categories.id,product.categories.name,product.collection.title"
)
ORDER_FIELDS = (
    "id,display_id,email,currency_code,status,payment_status,fulfillment_status,original_total,"
    "created_at,items.id,items.title,items.subtitle,items.variant_sku,items.quantity,"
    "items.unit_price,items.total,items.discount_total,items.tax_total,"
    "items.detail.return_received_quantity,shipping_methods.total,"
    "payment_collections.payments.id,payment_collections.payments.currency_code,"
    "*payment_collections.payments.captures,*payment_collections.payments.refunds"
)


def variants(api: AdminApi, query: dict[str, Any]) -> Rows:
    """Variants with prices, cost and stock. `query`: sku (exactly), text, limit (default: all)."""
    limit, sku, text = query.get("limit"), query.get("sku"), query.get("text")
    wanted = None if sku is None else record_fields.name(sku)
    if wanted == "":
        return Rows()  # nothing has no SKU
    asked = {"sku": wanted, "q": text and str(text)}
    listing = Listing(
        path="product-variants",
        name="variants",
        query={"order": "id", "fields": VARIANT_FIELDS}
        | {name: value for name, value in asked.items() if value},
        reader=lambda row, note: _variant_row(row, note, query.get("location_id")),
        fits=None if wanted is None else lambda variant: variant.sku == wanted,
    )
    return listing.read(api, limit)


def orders(api: AdminApi, query: dict[str, Any]) -> Rows:
    """Orders, newest first. `query`: number, email (both exactly), limit (default: all)."""
    number, email, limit = query.get("number"), query.get("email"), query.get("limit")
    number = None if number is None else str(number).strip().lstrip("#")
    email = None if email is None else email_address.tidy(str(email))
    if "" in (number, email):
        return Rows()  # no order is found by nothing

    def fits(order: Order) -> bool:
        of_number = number is None or order.number == number
        return of_number and (email is None or email_address.same(order.email, email))

    searches = [number] if number else email_address.spellings(email) if email else [None]
    found = [
        Listing(
            path="orders",
            name="orders",
            query={"order": "-created_at", "fields": ORDER_FIELDS}
            | ({"q": search} if search else {}),
            reader=lambda row, _note: _order(_row(OrderAnswer, row)),
            fits=fits if search else None,
        ).read(api, limit)
        for search in searches
    ]
    return found[0] if len(found) == 1 else merge(found, newest_first, limit)


def newest_first(order: Any) -> float:
    """By when it was placed."""
    return -float(order.placed_at.timestamp())


def order(api: AdminApi, query: dict[str, Any]) -> list[Order]:
    """The order with `order_id`, as a list of one. Raises `Refused` if there is none."""
    return [_order(fetch_order(api, str(query["order_id"])))]


def fetch_order(api: AdminApi, order_id: str) -> OrderAnswer:
    """One order. Raises `Refused` (not_found)."""
    answer = api.get(path("orders", order_id), fields=ORDER_FIELDS)
    return check(OrderAnswer, answer.get("order"))


def fetch_variant(api: AdminApi, product_id: str, variant_id: str) -> VariantAnswer:
    """One variant. Medusa answers 200 and `{}` when it does not exist: `Refused` (not_found)."""
    answer = api.get(path("products", product_id, "variants", variant_id), fields=ONE_VARIANT)
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


def _variant_row(row: Any, note: Note, location_id: str | None) -> Variant:
    """The variant of a row of a listing; what is odd about its prices and stock is left out."""
    given = row if isinstance(row, dict) else {}
    prices, odd = _sound(Price, given.get("prices"), note, "prices")
    links, _ = _sound(InventoryLink, given.get("inventory_items"), note, "inventory_items")
    doubtful = {str(price.get("currency_code")).upper() for price in odd if isinstance(price, dict)}
    variant = _row(VariantAnswer, row, prices=prices, inventory_items=links)
    return _variant(variant, location_id, note, doubtful=doubtful)


def _row(shape: type[Shape], row: Any, **fields: Any) -> Shape:
    """A row of a listing as `shape`, with these fields instead. Raises `ValueError`."""
    if not isinstance(row, dict):
        raise ValueError(f"an object was expected, not {record_fields.kind_of(row)}")
    return shape.model_validate({**row, **fields})


def _sound(shape: type[Answer], values: Any, note: Note, name: str) -> tuple[list[Any], list[Any]]:
    """The values of a list that can be read, and those that cannot, which are noted."""
    sound, odd = [], []
    for place, value in enumerate(values if isinstance(values, list) else []):
        try:
            sound.append(shape.model_validate(value))
        except ValidationError as error:
            note(f"{name}.{place}.{explain(error)}")
            odd.append(value)
    return sound, odd


def _variant(
    variant: VariantAnswer, location_id: str | None, note: Note, *, doubtful: Collection[str] = ()
) -> Variant:
    level = _level(variant, location_id)
    return Variant(
        product_id=variant.product_id,
        variant_id=variant.id,
        sku=variant.sku,
        product_title=variant.product.title,
        title=variant.title,
        prices=_clear_prices(variant, note, doubtful),
        cost=None if variant.cost is None else exact(variant.cost, COST_CURRENCY),
        cost_currency=COST_CURRENCY if variant.cost is not None else "",
        stock=int(level[1].stocked_quantity) if level else None,
        inventory_item_id=level[0] if level else None,
        location_id=level[1].location_id if level else None,
        updated_at=variant.updated_at,
    )


def _clear_prices(
    variant: VariantAnswer, note: Note, doubtful: Collection[str]
) -> dict[str, Decimal]:
    """Plain prices by currency; a currency with two prices (parallel writes) is left out.

    So are `doubtful` ones and those that are no currency.
    """
    times = Counter(price.currency for price in variant.prices if price.plain)
    found = {}
    for price in variant.prices:
        currency = price.currency
        if not price.plain or times[currency] > 1 or currency in doubtful:
            continue
        if is_currency(currency) and price.amount >= 0:
            found[currency] = exact(price.amount, currency)
        else:
            note(f"prices: {price.amount} {currency} is not a price")
    return found


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
    """The order. Raises `ValueError` for one in no currency there is."""
    currency = order.currency_code.upper()
    minor_units(currency)
    return Order(
        order_id=order.id,
        number=order.display_id,
        email=order.email,
        status=order.status,
        payment_status=order.payment_status,
        fulfillment_status=order.fulfillment_status,
        currency=currency,
        total=exact(order.charged, currency),
        placed_at=order.created_at,
        lines=[_line(line, currency) for line in order.items],
        payments=[_payment(payment) for payment in order.payments],
        shipping=None if order.shipping is None else exact(order.shipping, currency),
    )


def _line(line: LineAnswer, currency: str) -> OrderLine:
    return OrderLine(
        line_id=line.id,
        sku=line.variant_sku,
        title=" / ".join(part for part in (line.title, line.subtitle) if part),
        quantity=line.quantity,
        unit_price=exact(line.unit_price, currency),
        paid=line.total,
        discount=line.discount_total,
        tax=line.tax_total,
        returned=line.returned,
    )


def _payment(payment: PaymentAnswer) -> Payment:
    currency = payment.currency
    return Payment(
        payment_id=payment.id,
        currency=currency,
        captured=exact(payment.captured, currency),
        refunded=exact(payment.refunded, currency),
        refunds=[
            GivenBack(amount=exact(refund.amount, currency), note=refund.note)
            for refund in payment.refunds
        ],
    )
