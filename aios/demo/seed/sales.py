"""Orders of the demo shop, with payments and some refunds."""

from datetime import datetime, timedelta
from typing import NamedTuple

from aios.demo.seed.ground import Ground
from apps.gateway.connectors.medusa.fake.store import Row, stamp

FIRST_NUMBER = 1001
SHIPPING = 4.9
CANCELED = "canceled"

# how many orders, in which state: fulfillment, paid, refunded share, days ago (from, to)
STATES: tuple[tuple[int, str, bool, float, tuple[int, int]], ...] = (
    (26, "delivered", True, 0.0, (6, 40)),
    (8, "shipped", True, 0.0, (4, 18)),
    (12, "not_fulfilled", True, 0.0, (0, 5)),
    (5, "delivered", True, 0.3, (10, 40)),
    (3, "delivered", True, 1.0, (15, 45)),
    (3, "not_fulfilled", False, 0.0, (0, 3)),
    (3, CANCELED, True, 1.0, (5, 30)),
)


class Customer(NamedTuple):
    """Somebody who buys: the language decides the letters."""

    name: str
    email: str
    language: str


CUSTOMERS = tuple(
    Customer(name, f"{name.lower().replace(' ', '.')}@{domain}".translate(PLAIN), language)
    for PLAIN in [str.maketrans("äöüéèëç", "aoueeec")]
    for language, domain, names in (
        ("en", "example.com", ("Olivia Hart", "James Mercer", "Aoife Byrne", "Noah Clarke",
                               "Grace Adeyemi", "Liam Foster", "Priya Shah", "Ewan Reid",
                               "Hannah Cole", "Marcus Webb", "Sophie Grant", "Tom Ellis")),
        ("de", "example.org", ("Anna Schmidt", "Jonas Weber", "Lena Hoffmann", "Felix Köhler",
                               "Mara Schäfer", "Paul Wagner", "Greta Neumann", "Timo Brandt",
                               "Ida Vogel", "Emil Krüger", "Nele Busch", "Ruben Franke")),
        ("fr", "example.net", ("Camille Moreau", "Lucas Bernard", "Chloé Lefèvre", "Hugo Martin",
                               "Manon Girard", "Louis Fontaine", "Inès Roux", "Jules Garnier",
                               "Zoé Perrin", "Adèle Faure", "Nathan Colin", "Elise Marchand")),
    )
    for name in names
)  # fmt: skip


class Plan(NamedTuple):
    """An order to be planted."""

    placed: datetime
    fulfillment: str
    paid: bool
    refunded: float  # share of the total


def plant_orders(ground: Ground) -> None:
    """60 orders; numbers rise with time."""
    variants = ground.store.all(
        "SELECT v.id, v.sku, v.title, t.title AS product, p.amount FROM variants v "
        "JOIN products t ON t.id = v.product_id "
        "JOIN prices p ON p.variant_id = v.id AND p.currency_code = 'eur' ORDER BY v.sku"
    )
    plans = [
        Plan(ground.now - timedelta(days=ground.chance.uniform(*days), hours=1), state, paid, back)
        for count, state, paid, back, days in STATES
        for _ in range(count)
    ]
    for number, plan in enumerate(sorted(plans), FIRST_NUMBER):
        articles = ground.chance.sample(variants, ground.chance.choice((1, 1, 2, 3)))
        lines = [(row, ground.chance.choice((1, 1, 1, 2))) for row in articles]
        total = round(sum(row["amount"] * pieces for row, pieces in lines) + SHIPPING, 2)
        order = _plant_order(ground, number, plan, total)
        _plant_lines(ground, order, plan, lines)
        if plan.paid:
            _plant_payment(ground, order, plan, total)


def _plant_order(ground: Ground, number: int, plan: Plan, total: float) -> str:
    order, at = ground.id("order", plan.placed), stamp(plan.placed)
    canceled = plan.fulfillment == CANCELED
    ground.store.insert(
        "orders", id=order, display_id=number, email=ground.chance.choice(CUSTOMERS).email,
        currency_code="eur", status=CANCELED if canceled else "pending",
        fulfillment_status="not_fulfilled" if canceled else plan.fulfillment,
        original_total=total, version=1 + bool(plan.refunded), created_at=at, updated_at=at,
    )  # fmt: skip
    ground.store.insert("order_charges", order_id=order, shipping=SHIPPING)
    return order


def _plant_lines(ground: Ground, order: str, plan: Plan, lines: list[tuple[Row, int]]) -> None:
    for row, pieces in lines:
        line = ground.id("ordli", plan.placed)
        ground.store.insert(
            "lines", id=line, order_id=order, variant_id=row["id"],
            variant_sku=row["sku"], title=row["product"], subtitle=row["title"],
            quantity=pieces, unit_price=row["amount"],
        )  # fmt: skip
        ground.store.insert("line_charges", line_id=line, total=row["amount"] * pieces)


def _plant_payment(ground: Ground, order: str, plan: Plan, total: float) -> None:
    payment, at = ground.id("pay", plan.placed), stamp(plan.placed)
    ground.store.insert(
        "payments", id=payment, order_id=order, amount=total, captured_at=at,
        collection_id=ground.id("pay_col", plan.placed),
    )  # fmt: skip
    if plan.refunded:
        ground.store.insert(
            "refunds", id=ground.id("ref", plan.placed), payment_id=payment,
            amount=round(total * plan.refunded, 2), note="by the shop's staff",
            created_at=stamp(plan.placed + timedelta(hours=20)),
        )  # fmt: skip
