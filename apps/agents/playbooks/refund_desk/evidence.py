"""What an answer to a customer rests on, and which of it each paragraph was made from. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.base import QUOTE
from apps.agents.playbooks.refund_desk.replies import TEXTS
from apps.agents.playbooks.refund_desk.situation import Situation
from apps.gateway.records import Order
from apps.proposals.provenance import paragraphs, text_of

Entry = dict[str, Any]
SHOWN = 5  # earlier orders that are listed
NAMES = {"en": "English", "de": "German", "fr": "French"}
OWN_TEXT = "text"
# What the middle of one of our texts is made from; its frame is ours alone
MADE_FROM = (OWN_TEXT, "rule", "shop", "correction")


def evidence(situation: Situation, amount: Decimal | None, said: str) -> list[Entry]:
    """Everything the answer rests on; the customer's words are quoted."""
    case = situation.case
    entries = [message(situation), reading(situation)]
    if case.order is not None:
        entries.append(shop(case.order))
        if amount is not None:
            entries.append(decision(situation, amount, case.order.currency))
        entries.append(customer(case.order, case.past))
    if said:
        entries.append(own_text(situation, said))
    if situation.lesson is not None:
        entry = situation.lesson.correction.as_evidence("A reviewer's correction of a similar case")
        entries.append(entry | {"detail": f"{entry['detail']} Similar: {situation.lesson.why}."})
    return entries + [
        item.as_evidence("Known about the customer or similar cases") for item in case.known
    ]


def message(situation: Situation) -> Entry:
    """What the customer wrote."""
    sent = situation.case.message
    return {
        "kind": "message",
        "title": f"{sent.sender}, {sent.received_at:%Y-%m-%d %H:%M} UTC: {sent.subject}"[:200],
        "detail": sent.body[:QUOTE],
    }


def reading(situation: Situation) -> Entry:
    """How it was read, by whom, from which words."""
    read = situation.reading
    signs = ", ".join(f"“{sign}”" for sign in read.signs) or "nothing telling"
    return {
        "kind": "rule",
        "title": f"Read as: {read.intent.replace('_', ' ')} ({read.language})",
        "detail": f"Classified by {read.reader}, which found {signs}.",
    }


def shop(order: Order) -> Entry:
    """The order as the shop tells it."""
    articles = [
        f"{line.quantity} x {line.title} ({line.sku}) at {line.unit_price}" for line in order.lines
    ]
    return {
        "kind": "shop",
        "title": f"Order #{order.number}: {order.total} {order.currency}, {order.payment_status}, "
        f"{order.fulfillment_status.replace('_', ' ')}",
        "detail": f"Placed {order.placed_at:%Y-%m-%d}; {', '.join(articles)}; refunded so far "
        f"{refunded(order)}."[:QUOTE],
    }


def decision(situation: Situation, amount: Decimal, currency: str) -> Entry:
    """How the amount came about."""
    reason = situation.refund.reason if situation.refund else ""
    return {"kind": "decision", "title": f"Due: {amount} {currency}", "detail": reason}


def customer(order: Order, past: Sequence[Order]) -> Entry:
    """The customer's other orders; money is added up in the currency of this one."""
    same = [one for one in past if one.currency == order.currency]
    given_back = [one for one in same if refunded(one)]
    if not past:
        return {"kind": "customer", "title": f"{order.email}: no other order", "detail": ""}
    orders = "1 other order" if len(past) == 1 else f"{len(past)} other orders"
    return {
        "kind": "customer",
        "title": f"{order.email}: {orders}, {len(given_back)} with a refund",
        "detail": {
            "orders": len(past),
            "total": str(sum((one.total for one in same), Decimal())),
            "refunds": len(given_back),
            "refunded": str(sum(map(refunded, same), Decimal())),
            "currency": order.currency,
            "first_order": f"{min(one.placed_at for one in past):%Y-%m-%d}",
            "newest": [in_a_line(one) for one in past[:SHOWN]],
        },
    }


def in_a_line(order: Order) -> str:
    """An earlier order in a line."""
    back = f", {refunded(order)} refunded" if refunded(order) else ""
    return (
        f"#{order.number} of {order.placed_at:%Y-%m-%d}: {order.total} {order.currency}{back}, "
        f"{order.fulfillment_status.replace('_', ' ')}"
    )


def refunded(order: Order) -> Decimal:
    """What was given back of an order."""
    return sum((payment.refunded for payment in order.payments), Decimal())


def own_text(situation: Situation, kind: str) -> Entry:
    """The text of ours that is used, with the order's number in it."""
    language, order = situation.reading.language, situation.case.order
    return {
        "kind": OWN_TEXT,
        "title": f"Our own text “{kind.replace('_', ' ')}” in {NAMES[language]}",
        "detail": TEXTS[kind][language].format(number=order.number if order else ""),
    }


def sources(
    changes: Sequence[tuple[str, dict[str, Any]]], entries: Sequence[Entry], said: str
) -> dict[int, list[list[int]]]:
    """What each paragraph of one of our own texts was made from; nothing for any other text."""
    if not said:
        return {}
    made_from = [place for place, one in enumerate(entries) if one["kind"] in MADE_FROM]
    frame = [place for place, one in enumerate(entries) if one["kind"] == OWN_TEXT]
    found = {}
    for position, (_, params) in enumerate(changes):
        count = len(paragraphs(text_of(params)))
        if count:
            found[position] = [frame, *[made_from] * (count - 2), frame]
    return found
