"""What Medusa tells of a customer and of the catalogue as a whole: what caps are reckoned from."""

from apps.gateway import email_address
from apps.gateway.connectors.base import BadAnswer
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.listing import PAGE
from apps.gateway.connectors.medusa.responses import Page, PlacedOrder, check

PLACED = "id,email,status,payment_status,created_at"


def catalogue_size(api: AdminApi) -> int:
    """How many variants the shop has; one call that reads one of them."""
    return check(Page, api.get(path("product-variants"), limit=1, offset=0, fields="id")).count


def earlier_orders(api: AdminApi, order_id: str) -> int:
    """How many orders whoever placed this one had paid for before; two calls and more.

    Those that were cancelled or given back whole count for nothing. Of the newest 200 that the
    shop finds by each spelling of the address, no more are looked at.
    """
    answer = api.get(path("orders", order_id), fields=PLACED)
    own = check(PlacedOrder, answer.get("order"))
    found: dict[str, PlacedOrder] = {}
    for spelling in email_address.spellings(email_address.tidy(own.email)) if own.email else ():
        found |= {order.id: order for order in placed_by(api, spelling)}
    return sum(
        order.is_paid
        and order.created_at < own.created_at
        and email_address.same(order.email, own.email)
        for order in found.values()
    )


def placed_by(api: AdminApi, address: str) -> list[PlacedOrder]:
    """The newest orders the shop finds by an address, those of others among them."""
    answer = api.get(path("orders"), q=address, order="-created_at", limit=PAGE, fields=PLACED)
    rows = answer.get("orders")
    if not isinstance(rows, list):
        raise BadAnswer("Medusa's listing has no 'orders'.")
    return [check(PlacedOrder, row) for row in rows]
