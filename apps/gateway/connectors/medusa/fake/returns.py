"""Returns in their six calls, and what takes each of them back, as Medusa 2.21 answers them."""

import json
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.control import FAILURE
from apps.gateway.connectors.medusa.fake.requests import (
    No,
    body,
    invalid,
    key_of,
    missing,
    number,
    page,
    text,
)
from apps.gateway.connectors.medusa.fake.return_bodies import change_body, return_body
from apps.gateway.connectors.medusa.fake.return_rows import (
    act,
    actions_of,
    confirm,
    drop_change,
    find_change,
    find_return,
    open_change,
    prepared,
    refuse_open_change,
    returnable,
    touch,
)
from apps.gateway.connectors.medusa.fake.store import Row, Store, as_money, clock, store_of

NEW_FIELDS = frozenset({"order_id", "location_id", "description", "internal_note",
                        "no_notification", "metadata"})  # fmt: skip
REQUEST, RECEIPT = "return_request", "return_receive"
LISTED, COUNTED = "RETURN_ITEM", "RECEIVE_RETURN_ITEM"


async def list_returns(request: Request) -> JSONResponse:
    """GET /admin/returns: order_id, limit, offset."""
    store = store_of(request)
    limit, offset = page(request, default=15)
    order_id = request.query_params.get("order_id")
    where = " WHERE ? IS NULL OR order_id = ?"
    asked = (order_id, order_id)
    rows = store.all(f"SELECT * FROM returns{where} ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608
                     *asked, limit, offset)  # fmt: skip
    count = store.value(f"SELECT count(*) FROM returns{where}", *asked)  # noqa: S608
    found = [return_body(store, row) for row in rows]
    return JSONResponse({"returns": found, "count": count, "offset": offset, "limit": limit})


async def list_changes(request: Request) -> JSONResponse:
    """What is prepared or was changed at an order by returns."""
    store = store_of(request)
    rows = store.all("SELECT * FROM changes WHERE order_id = ? ORDER BY id",
                     request.path_params["order"])  # fmt: skip
    return JSONResponse({"order_changes": [change_body(store, row) for row in rows]})


async def create_return(request: Request) -> JSONResponse:
    """Open a return, empty. Refused while the order has an open change."""
    store, given = store_of(request), await body(request, NEW_FIELDS)
    order_id, at = text(given, "order_id"), clock()
    if order_id is None:
        raise invalid("Invalid request: Field 'order_id' is required")
    with store.transaction():
        order = store.one("SELECT * FROM orders WHERE id = ?", order_id)
        if order is None:
            raise missing(f"Order id not found: {order_id}")
        if order["status"] == "canceled":
            raise invalid(f"Order with id {order_id} has been canceled.")
        return_id, marks = store.id("return"), given.get("metadata")
        open_change(store, order_id, return_id, REQUEST)
        store.insert("returns", id=return_id, order_id=order_id, status="open", created_at=at,
                     updated_at=at, location_id=text(given, "location_id"),
                     metadata=json.dumps(marks) if marks else None)  # fmt: skip
        row = find_return(store, return_id)
        _note(store, request, "create_return", row)
    return JSONResponse({"return": return_body(store, row)})


async def delete_return(request: Request) -> JSONResponse:
    """Give an open return up: it is gone, with what was prepared."""
    store = store_of(request)
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        drop_change(store, row)
        store.run("DELETE FROM returns WHERE id = ?", row["id"])
        _note(store, request, "delete_return", row)
    return JSONResponse({"id": row["id"], "object": "return", "deleted": True})


async def list_items(request: Request) -> JSONResponse:
    """What is to come back; at most what was fulfilled and is not yet returned."""
    store, items = store_of(request), await _items(request)
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        change = find_change(store, row)
        for line_id, quantity in items:
            line = store.one("SELECT * FROM lines WHERE id = ? AND order_id = ?",
                             line_id, row["order_id"])  # fmt: skip
            if line is None:
                raise invalid(f"Items with ids {line_id} does not exist in order with id "
                              f"{row['order_id']}.")  # fmt: skip
            act(store, change, LISTED, line_id, quantity)
            if prepared(store, change, LISTED, line_id) > returnable(store, line):
                raise invalid("Cannot request to return more items than what was fulfilled for "
                              f"item {line_id}.")  # fmt: skip
        _note(store, request, "request_items", row)
    return JSONResponse({"return": return_body(store, row)})


async def confirm_request(request: Request) -> JSONResponse:
    """From open to requested: what was prepared now stands in the return."""
    store, at = store_of(request), clock()
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        change = find_change(store, row)
        actions = actions_of(store, change, LISTED)
        if not actions:
            raise invalid("Order return request should have at least 1 item")
        for action in actions:  # a line that was listed twice comes back twice
            store.insert("return_lines", id=store.id("retitem"), return_id=row["id"],
                         line_id=action["line_id"], quantity=action["quantity"])  # fmt: skip
        store.run("UPDATE returns SET status = 'requested', requested_at = ? WHERE id = ?",
                  at, row["id"])  # fmt: skip
        confirm(store, change)
        _note(store, request, "confirm_request", row)
    return _answer(store, row["id"])


async def cancel_return(request: Request) -> JSONResponse:
    """Cancel what is requested; what has arrived stays."""
    store, at = store_of(request), clock()
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        arrived = store.value("SELECT sum(received) FROM return_lines WHERE return_id = ?",
                              row["id"])  # fmt: skip
        if arrived:
            raise No(400, "not_allowed", "Can't cancel a return which has returned items")
        refuse_open_change(store, row["order_id"])
        store.run("UPDATE returns SET status = 'canceled', canceled_at = ? WHERE id = ?",
                  at, row["id"])  # fmt: skip
        touch(store, row["order_id"])
        _note(store, request, "cancel_return", row)
    return JSONResponse({})


async def begin_receipt(request: Request) -> JSONResponse:
    """Begin to receive: a second order change."""
    store = store_of(request)
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        open_change(store, row["order_id"], row["id"], RECEIPT)
        _note(store, request, "begin_receipt", row)
    return _answer(store, row["id"])


async def end_receipt(request: Request) -> JSONResponse:
    """Stop receiving: what was counted in is forgotten."""
    store = store_of(request)
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        drop_change(store, row)
        _note(store, request, "end_receipt", row)
    return JSONResponse({"id": row["id"], "object": "return", "deleted": True})


async def count_items(request: Request) -> JSONResponse:
    """What has arrived; at most what was requested."""
    store, items = store_of(request), await _items(request)
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        change = find_change(store, row)
        for line_id, quantity in items:
            due = store.value("SELECT sum(quantity - received) FROM return_lines WHERE "
                              "return_id = ? AND line_id = ?", row["id"], line_id)  # fmt: skip
            if due is None:
                raise invalid(f"Items with ids {line_id} does not exist in Return with id "
                              f"{row['id']}.")  # fmt: skip
            act(store, change, COUNTED, line_id, quantity)
            if prepared(store, change, COUNTED, line_id) > due:
                raise invalid("Cannot receive more items than what was requested to be returned "
                              f"for item {line_id}.")  # fmt: skip
        _note(store, request, "receive_items", row)
    return _answer(store, row["id"])


async def remove_action(request: Request) -> JSONResponse:
    """Take one line out of what is prepared."""
    store, action_id = store_of(request), request.path_params["action"]
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        change = find_change(store, row)
        if not store.run("DELETE FROM change_actions WHERE id = ? AND change_id = ?",
                         action_id, change["id"]):  # fmt: skip
            raise missing(f"No action found for return {row['id']} in order change {change['id']}")
        _note(store, request, "remove_item", row)
    return _answer(store, row["id"])


async def confirm_receipt(request: Request) -> JSONResponse:
    """The goods are in stock again; the order's total shrinks, nothing is refunded.

    Where one of them is not stocked at the return's location Medusa fails halfway: the status
    says received, but nothing was.
    """
    store = store_of(request)
    with store.transaction():
        row = find_return(store, request.path_params["return"])
        change = find_change(store, row)
        actions = actions_of(store, change, COUNTED)
        store.run("UPDATE returns SET status = ?, received_at = ? WHERE id = ?",
                  _arrival(store, row, change), clock(), row["id"])  # fmt: skip
        stocked = store.value("SELECT count(*) FROM levels WHERE location_id = ?",
                              row["location_id"])  # fmt: skip
        if stocked:
            _receive(store, request, row, change, actions)
    return _answer(store, row["id"]) if stocked else JSONResponse(FAILURE, 500)


def _receive(store: Store, request: Request, row: Row, change: Row, actions: list[Row]) -> None:
    """Book what was counted in: into the return, into stock, into the ledger."""
    value, counted = 0.0, Counter[str]()
    for action in actions:
        line_id, quantity = action["line_id"], action["quantity"]
        line = store.one("SELECT * FROM lines WHERE id = ?", line_id)
        store.run("UPDATE return_lines SET received = received + ? WHERE id = (SELECT max(id) "
                  "FROM return_lines WHERE return_id = ? AND line_id = ?)",
                  quantity, row["id"], line_id)  # fmt: skip
        if line is not None:
            store.run("UPDATE levels SET stocked = stocked + ? WHERE variant_id = ? "
                      "AND location_id = ?", quantity, line["variant_id"],
                      row["location_id"])  # fmt: skip
            value += quantity * line["unit_price"]
            counted[line["variant_sku"]] += quantity
    confirm(store, change)
    _note(store, request, "return_items", row, value=value, items=counted)


def _arrival(store: Store, row: Row, change: Row) -> str:
    """The status a return gets: whether all that was requested has been counted in."""
    lines = store.all("SELECT * FROM return_lines WHERE return_id = ?", row["id"])
    whole = all(
        line["received"] + prepared(store, change, COUNTED, line["line_id"]) == line["quantity"]
        for line in lines
    )
    return "received" if whole else "partially_received"


async def _items(request: Request) -> list[tuple[str, int]]:
    """The lines of a body with their pieces."""
    given = await body(request, frozenset({"items"}))
    if not isinstance(given.get("items"), list):
        raise invalid("Invalid request: Field 'items' is required")
    return [(str(item.get("id")), int(number(item, "quantity"))) for item in given["items"]]


def _answer(store: Store, return_id: str) -> JSONResponse:
    return JSONResponse({"return": return_body(store, find_return(store, return_id))})


def _note(
    store: Store, request: Request, action: str, row: Row, *, value: float | None = None,
    **params: Any,
) -> None:  # fmt: skip
    order = store.one("SELECT * FROM orders WHERE id = ?", row["order_id"])
    number, currency = (order["display_id"], order["currency_code"]) if order else (None, "")
    store.note(
        action, f"order:{row['order_id']}", {"number": number, "return": row["id"], **params},
        amount=None if value is None else as_money(value, currency),
        currency=None if value is None else currency.upper(), key=key_of(request),
    )  # fmt: skip


BASE = "/admin/returns/{return}"
ROUTES = [
    Route("/admin/orders/{order}/changes", list_changes),
    Route("/admin/returns", list_returns),
    Route("/admin/returns", create_return, methods=["POST"]),
    Route(f"{BASE}/request-items", list_items, methods=["POST"]),
    Route(f"{BASE}/request-items/{{action}}", remove_action, methods=["DELETE"]),
    Route(f"{BASE}/request", confirm_request, methods=["POST"]),
    Route(f"{BASE}/request", delete_return, methods=["DELETE"]),
    Route(f"{BASE}/cancel", cancel_return, methods=["POST"]),
    Route(f"{BASE}/receive", begin_receipt, methods=["POST"]),
    Route(f"{BASE}/receive", end_receipt, methods=["DELETE"]),
    Route(f"{BASE}/receive-items", count_items, methods=["POST"]),
    Route(f"{BASE}/receive-items/{{action}}", remove_action, methods=["DELETE"]),
    Route(f"{BASE}/receive/confirm", confirm_receipt, methods=["POST"]),
]
