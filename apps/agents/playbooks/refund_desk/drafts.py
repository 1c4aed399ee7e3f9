"""Drafts of the refund desk: an action, the reply, and what both rest on. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.refund_desk import referring
from apps.agents.playbooks.refund_desk.conversation import QUESTIONS
from apps.agents.playbooks.refund_desk.decision import Refund, Share
from apps.agents.playbooks.refund_desk.earlier import note
from apps.agents.playbooks.refund_desk.evidence import evidence, sources
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.replies import message
from apps.agents.playbooks.refund_desk.situation import Situation
from apps.agents.playbooks.said import DOUBTED
from apps.gateway.records import Order
from apps.money.currency import text
from apps.proposals.operations import Draft

Change = tuple[str, dict[str, Any]]
TITLES = {
    "hold": "Tell the customer that a person is looking into it",
    "ask_order": "Ask for the order number",
    "ask_article": "Ask which article it is, and how many",
    "ask_photo": "Ask for a photo first",
    "return_first": "Ask them to send it back first",
    "on_its_way": "Say that it is on its way",
    "in_preparation": "Say that it is being prepared",
}
URGENT, USUAL = 7, 5


def reply(situation: Situation, kind: str, why: str, *, wants_person: bool = False) -> Planned:
    """A reply and nothing else. `wants_person` marks a case the agent does not judge itself."""
    words = say(situation, kind)
    title = f"{TITLES[kind]}: {about(situation)}"
    if wants_person:
        title = f"A person is needed: {about(situation)}"
    planned = draft(situation, title, why, [("send_message", words)], said=kind)
    return unsure(planned) if wants_person and planned.draft else planned


def unsure(planned: Planned) -> Planned:
    """The plan as one that no rule may wave through, and that no policy passes by itself."""
    if planned.draft is None:
        return planned
    evidence = [*planned.draft.evidence, referring.because(planned.why)]
    doubted = replace(planned.draft, confidence=DOUBTED, priority=URGENT, evidence=evidence)
    return replace(planned, draft=doubted)


def refund(situation: Situation, order: Order, due: Refund) -> Planned:
    """A refund on each payment it takes, then the reply; that only once all of them are proven."""
    if not due.shares:
        raise ValueError("A refund is only due on an order with a payment.")
    kind = "goodwill" if situation.reading.intent == Intent.LATE else "refund"
    changes = [
        *(("refund_payment", parameters(situation, order, share)) for share in due.shares),
        ("send_message", say(situation, kind)),
    ]
    amount = text(due.amount, order.currency)
    over = f" over {len(due.shares)} payments" if len(due.shares) > 1 else ""
    title = f"Refund {amount} {order.currency}{over}: {about(situation)}"
    planned = draft(situation, title, due.reason, changes, amount=due.amount, said=kind)
    return unsure(planned) if due.doubt else planned


def parameters(situation: Situation, order: Order, share: Share) -> dict[str, Any]:
    """The parameters of `refund_payment` for what goes back on one payment."""
    return {
        "order_id": order.order_id,
        "payment_id": share.payment_id,
        "amount": text(share.amount, order.currency),
        "currency": order.currency,
        "note": note_for(situation),
    }


def note_for(situation: Situation) -> str:
    """What a refund is marked with, so that a later one is told apart from it."""
    message_id = situation.case.message.message_id
    return note(situation.reading.intent, situation.lines, message_id)


def cancel(situation: Situation, order: Order) -> Planned:
    """A cancellation, then the reply that tells of it."""
    changes = [
        ("cancel_order", {"order_id": order.order_id}),
        ("send_message", say(situation, "cancelled")),
    ]
    why = "The customer wants to cancel and the order has not left yet."
    return draft(situation, f"Cancel: {about(situation)}", why, changes, said="cancelled")


def say(situation: Situation, kind: str) -> dict[str, Any]:
    """The parameters of a reply. A stranger to the order is told nothing of it."""
    case = situation.case
    return message(
        kind,
        language=situation.reading.language,
        to=case.message.sender,
        message_id=case.message.message_id,
        number=case.order.number if case.order else None,
    )


def about(situation: Situation) -> str:
    """The case in a few words."""
    order = situation.case.order
    where = f"order #{order.number}" if order else f"message of {situation.case.message.sender}"
    return f"{where} ({situation.reading.intent.replace('_', ' ')})"


def draft(
    situation: Situation,
    title: str,
    why: str,
    changes: Sequence[Change],
    *,
    amount: Decimal | None = None,
    said: str = "",
) -> Planned:
    """The draft with everything the case says; `said` is the kind of our own text in it, if any."""
    entries = evidence(situation, amount, said)
    return Planned(
        key=situation.case.key,
        why=why,
        draft=Draft(
            title=title,
            rationale=why,
            changes=list(changes),
            evidence=entries,
            case=case_of(situation, amount) | ({"said": said} if said in QUESTIONS else {}),
            subject=f"intent:{situation.reading.intent}",
            confidence=confidence(situation),
            priority=URGENT if amount else USUAL,
            sources=sources(changes, entries, said),
        ),
    )


def case_of(situation: Situation, amount: Decimal | None = None) -> dict[str, Any]:
    """The case in our own terms, so that a later, similar one can be recognised."""
    order = situation.case.order
    case: dict[str, Any] = {
        "message_id": situation.case.message.message_id,
        "intent": situation.reading.intent.value,
        "language": situation.reading.language,
        "skus": situation.skus,
        "order": order.number if order else "",
        "about": situation.case.customer,
    }
    if amount is not None and order is not None and order.total:
        case |= {"amount": str(amount), "share": str(round(amount / order.total, 4))}
    return case


def confidence(situation: Situation) -> float:
    """How sure: as the message was read, less where a reviewer has corrected a similar case.

    Money for a customer who had a case before is never sure: many small refunds make a large one.
    """
    sure = situation.reading.confidence - (0.2 if situation.lesson else 0)
    if situation.case.earlier and situation.refund is not None and situation.refund.amount:
        sure = min(sure, 0.7)
    return round(max(sure, 0.1), 2)
