"""The month put into the demo shop, as its tables have it."""

from decimal import Decimal
from pathlib import Path

from aios.demo.seed import DONE
from apps.gateway.connectors.medusa.fake.store import Store, stamp
from tests.reliability.month.world import NOW, Letter, Month, Sale


def plant(file: Path, month: Month) -> dict[str, Letter]:
    """A shop that has just this month; the letters by the ids of their messages."""
    store = Store(file)
    with store.transaction():
        for sale in month.sales:
            plant_sale(store, sale)
        written = {plant_letter(store, place, one): one for place, one in enumerate(month.letters)}
        store.remember(DONE, stamp(NOW))
    store.close()
    return written


def plant_sale(store: Store, sale: Sale) -> None:
    """One order with its lines, payments and the refund there was."""
    order_id, at = f"order_{sale.number}", stamp(sale.placed_at)
    store.insert("orders", id=order_id, display_id=sale.number, email=sale.email,
                 currency_code=sale.currency.lower(), status="pending",
                 fulfillment_status=sale.fulfillment, original_total=float(sale.total), version=1,
                 created_at=at, updated_at=at)  # fmt: skip
    for place, line in enumerate(sale.lines):
        store.insert("lines", id=f"ordli_{sale.number}_{place}", order_id=order_id, variant_id="",
                     variant_sku=line.sku, title=line.title, subtitle="", quantity=line.quantity,
                     unit_price=float(line.unit_price))  # fmt: skip
        if sale.told:
            store.insert("line_charges", line_id=f"ordli_{sale.number}_{place}",
                         discount=float(line.discount), total=float(line.paid),
                         tax=float(line.tax))  # fmt: skip
    if sale.told:
        store.insert("order_charges", order_id=order_id, shipping=float(sale.shipping))
    for place, captured in enumerate(sale.payments):
        store.insert("payments", id=payment_id(sale, place), order_id=order_id,
                     collection_id=f"paycol_{sale.number}_{place}", amount=float(captured),
                     captured_at=at)  # fmt: skip
    if sale.refunded:
        store.insert("refunds", id=f"ref_{sale.number}", payment_id=payment_id(sale, 0),
                     amount=float(sale.refunded), note="before", created_at=at)  # fmt: skip


def plant_letter(store: Store, place: int, letter: Letter) -> str:
    """One message; the later ones came later."""
    message_id = f"cmsg_month_{place}"
    store.insert("messages", message_id=message_id, sender=letter.sale.email,
                 subject=letter.subject, body=letter.body, order_number=None,
                 received_at=stamp(NOW))  # fmt: skip
    return message_id


def payment_id(sale: Sale, place: int) -> str:
    """The name of one of its payments."""
    return f"pay_{sale.number}_{place}"


def given_back(store: Store) -> dict[int, Decimal]:
    """What the shop has given back of each order by now, by the order's number."""
    rows = store.all(
        "SELECT orders.display_id, refunds.amount FROM refunds "
        "JOIN payments ON payments.id = refunds.payment_id "
        "JOIN orders ON orders.id = payments.order_id"
    )
    sums: dict[int, Decimal] = {}
    for number, amount in rows:
        sums[number] = sums.get(number, Decimal()) + Decimal(str(amount))
    return sums
