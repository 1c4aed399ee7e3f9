# ruff: noqa: S608 - table and column names come from this package, values are bound
"""Orders, cancellations and refunds, as Medusa 2.21 answers them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.order_bodies import (
    captured_and_refunded,
    order_body,
    payment_body,
)
from apps.gateway.connectors.medusa.fake.requests import (
    No,
    body,
    invalid,
    key_of,
    missing,
    number,
    order_by,
    page,
    text,
)
from apps.gateway.connectors.medusa.fake.store import Row, Store, as_money, clock, store_of

REFUND_FIELDS = frozenset({"amount", "note", "refund_reason_id"})


async def list_orders(request: Request) -> JSONResponse:
    """GET /admin/orders: q, order, limit, offset. Filters it does not know are ignored."""
    store, query = store_of(request), request.query_params
    limit, offset = page(request, default=15)
    where, values = "1", []
    if "q" in query:
        where = "(CAST(display_id AS TEXT) = ? OR email LIKE ?)"
        values = [query["q"], f"%{query['q']}%"]
    rows = store.all(
        f"SELECT * FROM orders WHERE {where} ORDER BY "
        f"{order_by(query.get('order', 'id'))} LIMIT ? OFFSET ?", *values, limit, offset,
    )  # fmt: skip
    count = store.value(f"SELECT count(*) FROM orders WHERE {where}", *values)
    found = [order_body(store, row) for row in rows]
    return JSONResponse({"orders": found, "count": count, "offset": offset, "limit": limit})


async def get_order(request: Request) -> JSONResponse:
    """One order."""
    store = store_of(request)
    return JSONResponse({"order": order_body(store, _order(store, request))})


async def cancel_order(request: Request) -> JSONResponse:
    """Cancel; a captured payment is refunded in full. A second time, or fulfilled: 400."""
    store = store_of(request)
    await body(request, frozenset({"no_notification"}))
    with store.transaction():
        order = _order(store, request)
        if order["status"] == "canceled":
            raise invalid(f"Order with id {order['id']} has been canceled.")
        if order["fulfillment_status"] != "not_fulfilled":
            message = "All fulfillments must be canceled before canceling an order"
            raise No(400, "not_allowed", message)
        refunded = sum(_refund_rest(store, row) for row in store.all(
            "SELECT * FROM payments WHERE order_id = ?", order["id"]))  # fmt: skip
        store.run("UPDATE orders SET status = 'canceled' WHERE id = ?", order["id"])
        _touch(store, order["id"])
        store.note(
            "cancel_order", f"order:{order['id']}", {"number": order["display_id"]},
            amount=as_money(refunded, order["currency_code"]),
            currency=order["currency_code"].upper(),
            key=key_of(request),
        )  # fmt: skip
    return JSONResponse({"order": order_body(store, _order(store, request))})


async def refund_payment(request: Request) -> JSONResponse:
    """Refund a part. The same call twice refunds twice.

    Never more than captured; Medusa itself lets a cent more pass.
    """
    store, payment_id = store_of(request), request.path_params["payment"]
    given = await body(request, REFUND_FIELDS)
    amount, note = number(given, "amount"), text(given, "note")
    if amount <= 0:
        raise invalid("Invalid request: Value for field 'amount' too small, expected at least: '0'")
    with store.transaction():
        payment = store.one("SELECT * FROM payments WHERE id = ?", payment_id)
        if payment is None:
            raise missing(f"Payment id not found: {payment_id}")
        captured, refunded = captured_and_refunded(store, payment)
        if round(refunded + amount, 4) > captured:
            raise invalid("You are not allowed to refund more than the captured amount")
        _add_refund(store, payment_id, amount, note, given.get("refund_reason_id"))
        _touch(store, payment["order_id"])
        _note_refund(request, store, payment, amount, note)
    return JSONResponse({"payment": payment_body(store, payment)})


def _order(store: Store, request: Request) -> Row:
    order_id = request.path_params["order"]
    order = store.one("SELECT * FROM orders WHERE id = ?", order_id)
    if order is None:
        raise missing(f"Order id not found: {order_id}")
    return order


def _refund_rest(store: Store, payment: Row) -> float:
    captured, refunded = captured_and_refunded(store, payment)
    if captured > refunded:
        _add_refund(store, payment["id"], round(captured - refunded, 4), None, None)
    return captured - refunded


def _add_refund(
    store: Store, payment_id: str, amount: float, note: str | None, reason: Any
) -> None:
    store.insert("refunds", id=store.id("ref"), payment_id=payment_id, amount=amount, note=note,
                 refund_reason_id=reason, created_at=clock())  # fmt: skip


def _touch(store: Store, order_id: str) -> None:
    store.run("UPDATE orders SET version = version + 1, updated_at = ? WHERE id = ?",
              clock(), order_id)  # fmt: skip


def _note_refund(
    request: Request, store: Store, payment: Row, amount: float, note: str | None
) -> None:
    order = store.one("SELECT * FROM orders WHERE id = ?", payment["order_id"])
    number, currency = (order["display_id"], order["currency_code"]) if order else (None, "")
    store.note(
        "refund_payment", f"payment:{payment['id']}", {"number": number, "note": note or ""},
        amount=as_money(amount, currency), currency=currency.upper(), key=key_of(request, note),
    )  # fmt: skip


ROUTES = [
    Route("/admin/orders", list_orders),
    Route("/admin/orders/{order}", get_order),
    Route("/admin/orders/{order}/cancel", cancel_order, methods=["POST"]),
    Route("/admin/payments/{payment}/refund", refund_payment, methods=["POST"]),
]
