"""What was charged for lines and shipping, as Medusa 2.21 tells it.

All totals are without the pieces that have come back. Medusa rounds none of them.
"""

from typing import Any

from apps.gateway.connectors.medusa.fake.requests import plain
from apps.gateway.connectors.medusa.fake.store import Row, Store


def line_totals(store: Store, line: Row, *, received: float) -> dict[str, Any]:
    """The totals of a line; nothing where they are not known."""
    row = store.one("SELECT * FROM line_charges WHERE line_id = ?", line["id"])
    if row is None:
        return {}
    share = (line["quantity"] - received) / line["quantity"]
    names = {"total": "total", "discount_total": "discount", "tax_total": "tax"}
    return {name: plain(round(row[column] * share, 12)) for name, column in names.items()}


def shipping(store: Store, order_id: str) -> dict[str, Any]:
    """How the order is shipped and for how much; nothing where it is not known."""
    row = store.one("SELECT shipping FROM order_charges WHERE order_id = ?", order_id)
    if row is None:
        return {}
    amount = plain(row["shipping"])
    return {"shipping_methods": [{"name": "Standard", "amount": amount, "total": amount}]}


def discounts(store: Store, order_id: str) -> float:
    """What all discounts of the order took off."""
    value = store.value(
        "SELECT sum(c.discount) FROM line_charges c JOIN lines l ON l.id = c.line_id"
        " WHERE l.order_id = ?", order_id,
    )  # fmt: skip
    return float(value or 0)
