"""Inventory items and their stock, as Medusa 2.21 answers them."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.bodies import item_body
from apps.gateway.connectors.medusa.fake.requests import (
    body,
    invalid,
    key_of,
    missing,
    number,
    plain,
)
from apps.gateway.connectors.medusa.fake.store import clock, store_of

FIELDS = frozenset({"stocked_quantity", "incoming_quantity"})


async def get_item(request: Request) -> JSONResponse:
    """One inventory item with its levels."""
    store, item = store_of(request), request.path_params["item"]
    row = store.one("SELECT * FROM levels WHERE item_id = ?", item)
    if row is None:
        raise missing(f"Inventory item with id: {item} was not found")
    return JSONResponse({"inventory_item": item_body(store, row)})


async def update_level(request: Request) -> JSONResponse:
    """Set the stocked quantity; less than what is reserved passes, as in Medusa."""
    store, item = store_of(request), request.path_params["item"]
    location = request.path_params["location"]
    given = await body(request, FIELDS)
    quantity = number(given, "stocked_quantity")
    if quantity < 0:
        raise invalid(
            "Invalid request: Value for field 'stocked_quantity' too small, expected at least: '0'"
        )
    row = store.one("SELECT * FROM levels WHERE item_id = ? AND location_id = ?", item, location)
    if row is None:
        raise missing(f"Item {item} is not stocked at location {location}")
    with store.transaction():
        store.run("UPDATE levels SET stocked = ?, updated_at = ? WHERE id = ?",
                  quantity, clock(), row["id"])  # fmt: skip
        action = "set_stock" if row["stocked"] != quantity else "no_change"
        params = {"quantity": plain(quantity), "before": plain(row["stocked"]), "of": "set_stock"}
        store.note(action, f"stock:{item}:{location}", params, key=key_of(request))
    row = store.one("SELECT * FROM levels WHERE id = ?", row["id"]) or row
    return JSONResponse({"inventory_item": item_body(store, row)})


ROUTES = [
    Route("/admin/inventory-items/{item}", get_item),
    Route(
        "/admin/inventory-items/{item}/location-levels/{location}", update_level, methods=["POST"]
    ),
]
