"""Messages from customers, each about a real order of the demo shop."""

from datetime import datetime, timedelta

from aios.demo.seed.ground import Ground
from aios.demo.seed.phrases import ABOUT, INJECTION, PHRASES, TONES
from aios.demo.seed.sales import CUSTOMERS, Customer
from apps.gateway.connectors.medusa.fake.store import Row, stamp

SPAN_HOURS = 70  # the messages arrived within the last three days
WITH_NUMBER = 0.8  # share of letters whose form field holds the order number
UNNUMBERED = ("question", "injection")  # topics written without the form field
PEOPLE = {customer.email: customer for customer in CUSTOMERS}


def plant_messages(ground: Ground) -> None:
    """About 40 letters in three languages, oldest first."""
    orders = ground.store.all(
        "SELECT o.*, l.title AS article FROM orders o JOIN lines l ON l.order_id = o.id "
        "WHERE o.status = 'pending' GROUP BY o.id ORDER BY o.display_id"
    )
    ground.chance.shuffle(orders)
    letters = [
        (topic, order)
        for topic, (count, states) in ABOUT.items()
        for order in _pick(orders, count, states)
    ]
    ground.chance.shuffle(letters)
    step = timedelta(hours=SPAN_HOURS / len(letters))
    for position, (topic, order) in enumerate(letters):
        early = len(letters) - position - ground.chance.uniform(0, 0.9)
        _plant_message(ground, topic, order, ground.now - step * early)


def _pick(orders: list[Row], count: int, states: tuple[str, ...]) -> list[Row]:
    """Take orders in one of the states, each used once, in all three languages by turns."""
    taken: list[Row] = []
    languages = ("en", "de", "fr")
    while len(taken) < count:
        fitting = [row for row in orders if row["fulfillment_status"] in states]
        wanted = languages[len(taken) % len(languages)]
        order = next((r for r in fitting if PEOPLE[r["email"]].language == wanted), None)
        order = order or next(iter(fitting), None)
        if order is None:
            return taken
        orders.remove(order)
        taken.append(order)
    return taken


def _plant_message(ground: Ground, topic: str, order: Row, arrived: datetime) -> None:
    subject, body = letter(ground, topic, PEOPLE[order["email"]], order)
    numbered = topic not in UNNUMBERED and ground.chance.random() < WITH_NUMBER
    ground.store.insert(
        "messages", message_id=ground.id("cmsg", arrived), sender=order["email"],
        subject=subject, body=body, received_at=stamp(arrived),
        order_number=str(order["display_id"]) if numbered else None,
    )  # fmt: skip


def letter(ground: Ground, topic: str, customer: Customer, order: Row) -> tuple[str, str]:
    """Subject and body of one letter."""
    subject, text = (
        INJECTION
        if topic == "injection"
        else ground.chance.choice(PHRASES[customer.language][topic])
    )
    hello, bye = TONES[customer.language]
    words = {"number": order["display_id"], "article": order["article"]}
    body = f"{hello}\n\n{text.format(**words)}\n\n{bye}\n{customer.name}"
    return subject.format(**words), body
