"""What is prepared for a return: the rows behind the order changes."""

from apps.gateway.connectors.medusa.fake.requests import invalid, missing
from apps.gateway.connectors.medusa.fake.return_bodies import pieces
from apps.gateway.connectors.medusa.fake.store import Row, Store, clock


def find_return(store: Store, return_id: str) -> Row:
    """A return that is not canceled."""
    row = store.one("SELECT * FROM returns WHERE id = ?", return_id)
    if row is None:
        raise missing(f"Return id not found: {return_id}")
    if row["canceled_at"]:
        raise invalid(f"Return with id {return_id} has been canceled.")
    return row


def find_change(store: Store, row: Row) -> Row:
    """What is being prepared for a return."""
    change = store.one("SELECT * FROM changes WHERE return_id = ? AND status = 'pending'",
                       row["id"])  # fmt: skip
    if change is None:
        raise invalid("An active Order Change is required to proceed")
    return change


def refuse_open_change(store: Store, order_id: str) -> None:
    """An order prepares one change at a time."""
    if store.one("SELECT 1 FROM changes WHERE order_id = ? AND status = 'pending'", order_id):
        raise invalid(f"Order ({order_id}) already has an existing active order change")


def open_change(store: Store, order_id: str, return_id: str, kind: str) -> None:
    """Begin to prepare a change of an order for a return."""
    refuse_open_change(store, order_id)
    store.insert("changes", id=store.id("ordch"), order_id=order_id, return_id=return_id,
                 change_type=kind, status="pending", created_at=clock())  # fmt: skip


def drop_change(store: Store, row: Row) -> None:
    """Forget what is being prepared for a return."""
    change = find_change(store, row)
    store.run("DELETE FROM change_actions WHERE change_id = ?", change["id"])
    store.run("DELETE FROM changes WHERE id = ?", change["id"])


def confirm(store: Store, change: Row) -> None:
    """What was prepared holds from now on."""
    store.run("UPDATE changes SET status = 'confirmed' WHERE id = ?", change["id"])
    touch(store, change["order_id"])


def act(store: Store, change: Row, action: str, line_id: str, quantity: int) -> None:
    """Add one line to what is prepared."""
    store.insert("change_actions", id=store.id("ordchact"), change_id=change["id"], action=action,
                 line_id=line_id, quantity=quantity)  # fmt: skip


def actions_of(store: Store, change: Row, action: str) -> list[Row]:
    """The lines of a kind in what is prepared."""
    return store.all("SELECT * FROM change_actions WHERE change_id = ? AND action = ? ORDER BY id",
                     change["id"], action)  # fmt: skip


def prepared(store: Store, change: Row, action: str, line_id: str) -> int:
    """Pieces of a line in what is prepared."""
    same = [row for row in actions_of(store, change, action) if row["line_id"] == line_id]
    return sum(row["quantity"] for row in same)


def returnable(store: Store, line: Row) -> int:
    """Pieces of a line that were sent and neither came back nor are on their way."""
    status = store.value("SELECT fulfillment_status FROM orders WHERE id = ?", line["order_id"])
    if status == "not_fulfilled":
        return 0
    return int(line["quantity"] - sum(pieces(store, line["id"])))


def touch(store: Store, order_id: str) -> None:
    """The order has a new version."""
    store.run("UPDATE orders SET version = version + 1, updated_at = ? WHERE id = ?",
              clock(), order_id)  # fmt: skip
