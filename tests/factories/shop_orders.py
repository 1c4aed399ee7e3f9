"""Orders planted in the demo shop's own file, as a shop would have them from elsewhere."""

import random
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apps.gateway.connectors.medusa.fake.ids import new_id
from apps.gateway.connectors.medusa.fake.store import stamp

CHANCE = random.Random()


def plant(ledger: Path, given: dict[str, Any]) -> str:
    """One order; its number.

    `given`: email, currency, lines (sku, title, quantity, unit_price; where the shop knows them
    total, discount, tax), total, payments (amounts), age_days, fulfillment; shipping where it is
    known.
    """
    at = datetime.now(UTC) - timedelta(days=given["age_days"], minutes=1)
    order = new_id("order", CHANCE)
    with sqlite3.connect(ledger, timeout=10) as file:
        number = file.execute("SELECT coalesce(max(display_id), 1000) + 1 FROM orders").fetchone()[
            0
        ]
        add(file, "orders", id=order, display_id=number, email=given["email"],
            currency_code=given["currency"], status="pending",
            fulfillment_status=given["fulfillment"], original_total=given["total"], version=1,
            created_at=stamp(at), updated_at=stamp(at))  # fmt: skip
        for line in given["lines"]:
            plant_line(file, order, line)
        for amount in given["payments"]:
            add(file, "payments", id=new_id("pay", CHANCE), order_id=order, amount=amount,
                collection_id=new_id("pay_col", CHANCE), captured_at=stamp(at))  # fmt: skip
        if "shipping" in given:
            add(file, "order_charges", order_id=order, shipping=given["shipping"])
    file.close()
    return str(number)


def plant_line(file: sqlite3.Connection, order: str, line: dict[str, Any]) -> None:
    """One line, with what it was charged if that is known."""
    name, _, variant = line["title"].partition(" / ")
    place = new_id("ordli", CHANCE)
    time.sleep(0.002)  # lines are read in the order of their ids, which hold the time
    add(file, "lines", id=place, order_id=order, variant_id=new_id("variant", CHANCE),
        variant_sku=line["sku"], title=name, subtitle=variant, quantity=line["quantity"],
        unit_price=line["unit_price"])  # fmt: skip
    if "total" in line:
        add(file, "line_charges", line_id=place, total=line["total"],
            discount=line.get("discount", 0), tax=line.get("tax", 0))  # fmt: skip


def add(file: sqlite3.Connection, table: str, **values: Any) -> None:
    """One row."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    file.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])


def refunds(ledger: Path, number: str) -> list[str]:
    """What the shop gave back on an order's payments, as `amount currency`, in order of time."""
    with sqlite3.connect(ledger, timeout=10) as file:
        rows = file.execute(
            "SELECT amount, currency FROM ledger WHERE action = 'refund_payment'"
            " AND json_extract(params, '$.number') = ? ORDER BY id", (int(number),),
        ).fetchall()  # fmt: skip
    file.close()
    return [f"{amount} {currency}" for amount, currency in rows]
