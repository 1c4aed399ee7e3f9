"""The JSON bodies of returns and order changes, and what of an order is on its way back."""

import json
from typing import Any

from apps.gateway.connectors.medusa.fake.store import Row, Store


def pieces(store: Store, line_id: str) -> tuple[int, int]:
    """How many pieces of an order's line are requested back, and how many have come back."""
    row = store.one(
        "SELECT sum(CASE WHEN r.canceled_at IS NULL THEN l.quantity - l.received ELSE 0 END)"
        " AS requested, sum(l.received) AS received FROM return_lines l"
        " JOIN returns r ON r.id = l.return_id WHERE l.line_id = ?", line_id,
    )  # fmt: skip
    return (row["requested"] or 0, row["received"] or 0) if row else (0, 0)


def returned_value(store: Store, order_id: str) -> float:
    """What the goods that have come back were charged with."""
    value = store.value(
        "SELECT sum(l.received * coalesce(c.total / o.quantity, o.unit_price)) FROM return_lines l"
        " JOIN lines o ON o.id = l.line_id LEFT JOIN line_charges c ON c.line_id = o.id"
        " WHERE o.order_id = ?", order_id,
    )  # fmt: skip
    return float(value or 0)


def location_of(store: Store, order: Row) -> str | None:
    """Where a fulfilled order was sent from."""
    if order["fulfillment_status"] == "not_fulfilled":
        return None
    place: str | None = store.value("SELECT location_id FROM levels ORDER BY id LIMIT 1")
    return place


def return_body(store: Store, row: Row) -> dict[str, Any]:
    """One return with what it holds; the lines appear when the request is confirmed."""
    names = ("id", "order_id", "location_id", "status", "created_at", "updated_at", "canceled_at",
             "requested_at", "received_at")  # fmt: skip
    lines = store.all("SELECT * FROM return_lines WHERE return_id = ? ORDER BY id", row["id"])
    return {name: row[name] for name in names} | {
        "metadata": json.loads(row["metadata"]) if row["metadata"] else None,
        "items": [
            {
                "id": line["id"],
                "item_id": line["line_id"],
                "quantity": line["quantity"],
                "received_quantity": line["received"],
                "damaged_quantity": 0,
            }
            for line in lines
        ],
    }


def change_body(store: Store, change: Row) -> dict[str, Any]:
    """One order change with its actions."""
    names = ("id", "order_id", "return_id", "change_type", "status", "created_at")
    actions = store.all("SELECT * FROM change_actions WHERE change_id = ? ORDER BY id",
                        change["id"])  # fmt: skip
    return {name: change[name] for name in names} | {
        "actions": [
            {
                "id": action["id"],
                "action": action["action"],
                "details": {"reference_id": action["line_id"], "quantity": action["quantity"]},
            }
            for action in actions
        ],
    }
