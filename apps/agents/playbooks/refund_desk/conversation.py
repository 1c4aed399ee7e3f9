"""A customer's earlier messages and our answers: what a follow-up continues. Pure.

A message continues an earlier one of the same customer if it answers it (or our answer to it) by
its headers, or is about the same order within some days. Headers are the sender's own words: they
never lead to what another customer wrote.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from apps.agents.playbooks.refund_desk.decision import Refund
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.reading import Reading
from apps.gateway.records import Message, OrderLine
from apps.proposals.models import OPEN_STATES, State

EARLIER = "earlier_message"  # kind of evidence
QUOTED = 400  # characters of an earlier message or answer
QUESTIONS = ("ask_order", "ask_article", "ask_photo")  # our texts that ask something back
ASKED_BACK = (Intent.OTHER, Intent.QUESTION)  # how a bare answer reads on its own
CONTINUED = 0.7  # at most, of what is read only together with an earlier message
STANDING = (*OPEN_STATES, State.DONE)  # states of a proposal in which money may be given


class Exchange(BaseModel):
    """An earlier message of the customer, what was proposed for it, and how that stands.

    `state` is that of the proposal, empty for a message of the same batch: nothing is proposed
    yet, and without an `intent` nobody could read it. `said` is the kind of our own text in the
    answer; `answer_ids` are the Message-IDs of what was sent; `gives`: money back is proposed or
    given.
    """

    model_config = ConfigDict(frozen=True)

    message_id: str
    at: datetime
    order: str = ""
    intent: str = ""
    skus: list[str] = []
    proposal_id: str = ""
    title: str = ""
    state: str = ""
    wrote: str = ""
    answered: str = ""
    said: str = ""
    answer_ids: list[str] = []
    gives: bool = False


def answers(message: Message, exchange: Exchange) -> bool:
    """Whether the message names the earlier one, or our answer to it, in its headers."""
    named = {bare(message_id) for message_id in (*message.in_reply_to, *message.references)}
    return bool(
        named & {bare(message_id) for message_id in (exchange.message_id, *exchange.answer_ids)}
    )


def bare(message_id: str) -> str:
    """A Message-ID without its angle brackets."""
    return message_id.strip().strip("<>")


def order_of(message: Message, exchanges: Sequence[Exchange]) -> str:
    """The order number of the newest exchange the message answers; empty where it answers none."""
    return next(
        (exchange.order for exchange in exchanges if exchange.order and answers(message, exchange)),
        "",
    )


def continued_by(message: Message, order: str, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """What the message continues, newest first: what it answers, and what is about its order."""
    return [
        exchange
        for exchange in exchanges
        if answers(message, exchange) or (order and exchange.order == order)
    ]


def together(reading: Reading, thread: Sequence[Exchange]) -> tuple[Reading, str]:
    """How a bare answer to our question reads: as what the question was about.

    Returns the words of the earlier message too, which may name what the answer does not. Any
    other message is read on its own.
    """
    newest = thread[0] if thread else None
    if newest is None or newest.said not in QUESTIONS or newest.state != State.DONE:
        return reading, ""
    if reading.intent not in ASKED_BACK or newest.intent not in set(Intent):
        return reading, ""
    sure = min(reading.confidence, CONTINUED)
    return replace(reading, intent=Intent(newest.intent), confidence=sure), newest.wrote


def once(
    refund: Refund, intent: Intent, lines: Sequence[OrderLine], thread: Sequence[Exchange]
) -> Refund:
    """The refund, doubted where money for the same was asked for in the conversation before.

    The same complaint gives no second claim: a person looks. Articles nobody named may be the same.
    """
    if not refund.amount:
        return refund
    skus = {line.sku for line in lines}
    for exchange in thread:
        same = not skus or not exchange.skus or skus & set(exchange.skus)
        is_open = exchange.gives and exchange.state in STANDING
        is_beside = not exchange.state and exchange.intent in (intent, "")
        if same and (is_open or is_beside):
            return replace(refund, doubt=refund.doubt or claimed(exchange))
    return refund


def claimed(exchange: Exchange) -> str:
    """What was asked for before, in words."""
    if not exchange.state:
        return "The customer wrote about the same a moment ago, which is answered on its own."
    stands = "was given" if exchange.state == State.DONE else "is waiting"
    return f"Money {stands} already in this conversation: {exchange.title}."


def as_evidence(exchange: Exchange) -> dict[str, Any]:
    """The exchange as an entry of a proposal's evidence, with the proposal to open."""
    detail = {"wrote": exchange.wrote}
    if exchange.title:
        detail |= {"proposed": exchange.title, "stands": exchange.state.replace("_", " ")}
    if exchange.answered:
        detail["answered"] = exchange.answered
    entry = {
        "kind": EARLIER,
        "title": f"Earlier, {exchange.at:%Y-%m-%d %H:%M} UTC",
        "detail": detail,
    }
    return entry | ({"proposal_id": exchange.proposal_id} if exchange.proposal_id else {})


def told(exchange: Exchange) -> dict[str, str]:
    """The exchange as a model sees it."""
    return {"wrote": exchange.wrote, "our_answer": exchange.answered, "stands": exchange.state}
