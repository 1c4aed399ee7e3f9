"""The JSON bodies of orders and payments."""

from typing import Any

from apps.gateway.connectors.medusa.fake.charges import discounts, line_totals, shipping
from apps.gateway.connectors.medusa.fake.requests import plain
from apps.gateway.connectors.medusa.fake.return_bodies import location_of, pieces, returned_value
from apps.gateway.connectors.medusa.fake.store import Row, Store


def captured_and_refunded(store: Store, payment: Row) -> tuple[float, float]:
    """Money taken and money given back of a payment."""
    refunded = store.value("SELECT sum(amount) FROM refunds WHERE payment_id = ?", payment["id"])
    return payment["amount"], round(refunded or 0.0, 4)


def payment_body(store: Store, payment: Row) -> dict[str, Any]:
    """One payment with captures and refunds."""
    currency = store.value("SELECT currency_code FROM orders WHERE id = ?", payment["order_id"])
    refunds = store.all("SELECT * FROM refunds WHERE payment_id = ? ORDER BY created_at, id",
                        payment["id"])  # fmt: skip
    return {
        "id": payment["id"],
        "currency_code": currency,
        "amount": plain(payment["amount"]),
        "captured_at": payment["captured_at"],
        "payment_collection_id": payment["collection_id"],
        "captures": [
            {
                "id": "capt_" + payment["id"].removeprefix("pay_"),
                "payment_id": payment["id"],
                "amount": plain(payment["amount"]),
            }
        ],
        "refunds": [dict(row) | {"amount": plain(row["amount"])} for row in refunds],
    }


def order_body(store: Store, order: Row) -> dict[str, Any]:
    """One order. Both totals shrink with goods that come back, `total` also with each refund.

    `original_total` is without the discounts, as Medusa has it.
    """
    lines = store.all("SELECT * FROM lines WHERE order_id = ? ORDER BY id", order["id"])
    payments = store.all("SELECT * FROM payments WHERE order_id = ? ORDER BY id", order["id"])
    sums = [captured_and_refunded(store, payment) for payment in payments]
    captured = sum(pair[0] for pair in sums)
    refunded = sum(pair[1] for pair in sums)
    charged = order["original_total"] - returned_value(store, order["id"])
    place = location_of(store, order)
    names = ("id", "display_id", "email", "currency_code", "status", "fulfillment_status",
             "version", "created_at", "updated_at")  # fmt: skip
    return {name: order[name] for name in names} | {
        "original_total": plain(round(charged + discounts(store, order["id"]), 4)),
        "total": plain(round(charged - refunded, 4)),
        "payment_status": payment_status(captured, refunded),
        "items": [_line_body(store, line, sent=place is not None) for line in lines],
        "fulfillments": [{"location_id": place, "canceled_at": None}] if place else [],
        "payment_collections": _collections(store, payments, captured, refunded),
        "summary": {"paid_total": plain(captured), "refunded_total": plain(refunded)},
        **shipping(store, order["id"]),
    }


def payment_status(captured: float, refunded: float) -> str:
    """Medusa's word for the payments of an order."""
    if not captured:
        return "not_paid"
    if not refunded:
        return "captured"
    return "refunded" if refunded >= captured else "partially_refunded"


def _line_body(store: Store, line: Row, *, sent: bool) -> dict[str, Any]:
    requested, received = pieces(store, line["id"])
    names = ("id", "variant_id", "variant_sku", "title", "subtitle", "quantity")
    return {name: line[name] for name in names} | {
        "product_title": line["title"],
        "unit_price": plain(line["unit_price"]),
        "detail": {
            "quantity": line["quantity"],
            "fulfilled_quantity": line["quantity"] if sent else 0,
            "return_requested_quantity": requested,
            "return_received_quantity": received,
        },
        **line_totals(store, line, received=received),
    }


def _collections(
    store: Store, payments: list[Row], captured: float, refunded: float
) -> list[dict[str, Any]]:
    if not payments:
        return []
    return [
        {
            "id": payments[0]["collection_id"],
            "status": "completed",
            "captured_amount": plain(captured),
            "refunded_amount": plain(round(refunded, 4)),
            "payments": [payment_body(store, payment) for payment in payments],
        }
    ]
