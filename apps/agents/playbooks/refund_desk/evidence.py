"""What an answer to a customer rests on, and which of it each paragraph was made from. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.base import QUOTE
from apps.agents.playbooks.refund_desk import conversation
from apps.agents.playbooks.refund_desk.languages import NAMES
from apps.agents.playbooks.refund_desk.paid import refunded
from apps.agents.playbooks.refund_desk.replies import TEXTS
from apps.agents.playbooks.refund_desk.situation import Situation
from apps.gateway.records import Order, OrderLine
from apps.proposals.text.provenance import paragraphs, text_of

Entry = dict[str, Any]
SHOWN = 5  # earlier orders that are listed
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
    entries += [conversation.as_evidence(exchange) for exchange in case.thread]
    if said:
        number = case.order.number if case.order else ""
        entries.append(own_text(said, situation.reading.language, number))
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
    detail = [f"Classified by {read.reader}, which found {signs}."]
    if read.nearest:
        detail.append(f"Most like: {'; '.join(f'“{example}”' for example in read.nearest)}.")
    detail.append(read.doubt)
    return {
        "kind": "rule",
        "title": f"Read as: {read.intent.replace('_', ' ')} ({read.language})",
        "detail": " ".join(part for part in detail if part)[:QUOTE],
    }


def shop(order: Order) -> Entry:
    """The order as the shop tells it."""
    parts = [f"Placed {order.placed_at:%Y-%m-%d}; {', '.join(map(article, order.lines))}"]
    if order.shipping is not None:
        parts.append(f"shipping {order.shipping.normalize():f}")
    parts += [
        f"payment {payment.payment_id}: {payment.captured} {payment.currency} paid, "
        f"{payment.refunded} refunded"
        for payment in order.payments
    ]
    return {
        "kind": "shop",
        "title": f"Order #{order.number}: {order.total} {order.currency}, {order.payment_status}, "
        f"{order.fulfillment_status.replace('_', ' ')}",
        "detail": f"{'; '.join(parts)}; refunded so far {refunded(order)}."[:QUOTE],
    }


def article(line: OrderLine) -> str:
    """A line of the order with its price."""
    number = f" ({line.sku})" if line.sku else ""
    back = f", {line.returned.normalize():f} returned" if line.returned else ""
    return f"{amount_of(line)} x {line.title}{number} at {line.unit_price}{back}"


def amount_of(line: OrderLine) -> str:
    """How many pieces, or how much, without idle zeros."""
    return f"{Decimal(line.quantity).normalize():f}"


def decision(situation: Situation, amount: Decimal, currency: str) -> Entry:
    """How the amount came about: line by line, what was refunded before, payment by payment."""
    refund = situation.refund
    if refund is None:
        return {"kind": "decision", "title": f"Due: {amount} {currency}", "detail": ""}
    parts = [refund.reason, *refund.steps]
    if len(refund.shares) > 1:
        over = [
            f"{share.amount} of the {share.left} left on {share.payment_id}"
            for share in refund.shares
        ]
        parts.append(f"Given back on {len(over)} payments: {', '.join(over)}.")
    if refund.doubt:
        parts.append(f"A person decides: {refund.doubt}")
    detail = " ".join(parts)[:QUOTE]
    return {"kind": "decision", "title": f"Due: {amount} {currency}", "detail": detail}


def customer(order: Order, past: Sequence[Order]) -> Entry:
    """The customer's other orders; money is added up in the currency of this one."""
    same = [past_order for past_order in past if past_order.currency == order.currency]
    given_back = [same_order for same_order in same if refunded(same_order)]
    if not past:
        return {"kind": "customer", "title": f"{order.email}: no other order", "detail": ""}
    orders = "1 other order" if len(past) == 1 else f"{len(past)} other orders"
    return {
        "kind": "customer",
        "title": f"{order.email}: {orders}, {len(given_back)} with a refund",
        "detail": {
            "orders": len(past),
            "total": str(sum((same_order.total for same_order in same), Decimal())),
            "refunds": len(given_back),
            "refunded": str(sum(map(refunded, same), Decimal())),
            "currency": order.currency,
            "first_order": f"{min(past_order.placed_at for past_order in past):%Y-%m-%d}",
            "newest": [in_a_line(past_order) for past_order in past[:SHOWN]],
        },
    }


def in_a_line(order: Order) -> str:
    """An earlier order in a line."""
    back = f", {refunded(order)} refunded" if refunded(order) else ""
    return (
        f"#{order.number} of {order.placed_at:%Y-%m-%d}: {order.total} {order.currency}{back}, "
        f"{order.fulfillment_status.replace('_', ' ')}"
    )


def own_text(kind: str, language: str, number: str = "") -> Entry:
    """The text of ours that is used, with the order's number in it."""
    return {
        "kind": OWN_TEXT,
        "title": f"Our own text “{kind.replace('_', ' ')}” in {NAMES[language]}",
        "detail": TEXTS[kind][language].format(number=number),
    }


def sources(
    changes: Sequence[tuple[str, dict[str, Any]]], entries: Sequence[Entry], said: str
) -> dict[int, list[list[int]]]:
    """What each paragraph of one of our own texts was made from; nothing for any other text."""
    if not said:
        return {}
    made_from = [place for place, entry in enumerate(entries) if entry["kind"] in MADE_FROM]
    frame = [place for place, entry in enumerate(entries) if entry["kind"] == OWN_TEXT]
    found = {}
    for position, (_, params) in enumerate(changes):
        count = len(paragraphs(text_of(params)))
        if count:
            found[position] = [frame, *[made_from] * (count - 2), frame]
    return found
