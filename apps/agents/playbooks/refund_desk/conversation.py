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
    named = {bare(one) for one in (*message.in_reply_to, *message.references)}
    return bool(named & {bare(one) for one in (exchange.message_id, *exchange.answer_ids)})


def bare(message_id: str) -> str:
    """A Message-ID without its angle brackets."""
    return message_id.strip().strip("<>")


def order_of(message: Message, exchanges: Sequence[Exchange]) -> str:
    """The order number of the newest exchange the message answers; empty where it answers none."""
    return next((one.order for one in exchanges if one.order and answers(message, one)), "")


def continued_by(message: Message, order: str, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """What the message continues, newest first: what it answers, and what is about its order."""
    return [
        one for one in exchanges if answers(message, one) or (order and one.order == order)
    ]  # fmt: skip


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
    for one in thread:
        same = not skus or not one.skus or skus & set(one.skus)
        is_open = one.gives and one.state in STANDING
        is_beside = not one.state and one.intent in (intent, "")
        if same and (is_open or is_beside):
            return replace(refund, doubt=refund.doubt or claimed(one))
    return refund


def claimed(one: Exchange) -> str:
    """What was asked for before, in words."""
    if not one.state:
        return "The customer wrote about the same a moment ago, which is answered on its own."
    stands = "was given" if one.state == State.DONE else "is waiting"
    return f"Money {stands} already in this conversation: {one.title}."


def as_evidence(one: Exchange) -> dict[str, Any]:
    """The exchange as an entry of a proposal's evidence, with the proposal to open."""
    detail = {"wrote": one.wrote}
    if one.title:
        detail |= {"proposed": one.title, "stands": one.state.replace("_", " ")}
    if one.answered:
        detail["answered"] = one.answered
    entry = {"kind": EARLIER, "title": f"Earlier, {one.at:%Y-%m-%d %H:%M} UTC", "detail": detail}
    return entry | ({"proposal_id": one.proposal_id} if one.proposal_id else {})


def told(one: Exchange) -> dict[str, str]:
    """The exchange as a model sees it."""
    return {"wrote": one.wrote, "our_answer": one.answered, "stands": one.state}
