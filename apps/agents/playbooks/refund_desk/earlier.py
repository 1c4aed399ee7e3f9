"""What earlier refunds of an order mean for another one. Pure.

The desk's own refunds carry in their note what they were for; of others nobody can tell.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

from apps.agents.playbooks.refund_desk.articles import named
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.gateway.records import Order, OrderLine

OURS = re.compile(r"^(?P<intent>[a-z_]+)(?: of (?P<articles>.*?))?, message \S", re.DOTALL)
MOST = 500  # characters of a note


class Earlier(Enum):
    """What is known of the refunds an order had."""

    NONE = "none"
    OTHER = "other"  # for another reason or other articles, as far as they say
    UNKNOWN = "unknown"
    SAME = "same"


def note(intent: Intent, lines: Sequence[OrderLine], message_id: str) -> str:
    """What a refund of the desk is marked with at the back end."""
    articles = ", ".join(line.sku or line.title for line in lines)
    said = f"{intent} of {articles}" if articles and intent != Intent.LATE else str(intent)
    return f"{said}, message {message_id}"[:MOST]


def earlier_for(order: Order, intent: Intent, lines: Sequence[OrderLine]) -> Earlier:
    """Whether the order had a refund for the same, for something else, or for nobody knows what."""
    found = Earlier.NONE
    for payment in order.payments:
        told = sum((given_back.amount for given_back in payment.refunds), Decimal())
        if payment.refunded > told:
            found = Earlier.UNKNOWN
        for refund in payment.refunds:
            kind = kind_of(order, refund.note, intent, lines)
            if kind == Earlier.SAME:
                return kind
            if found != Earlier.UNKNOWN:
                found = kind
    return found


def kind_of(order: Order, said: str, intent: Intent, lines: Sequence[OrderLine]) -> Earlier:
    """What one refund was for, by its note."""
    ours = OURS.match(said)
    if ours is None or ours["intent"] not in set(Intent):
        return Earlier.UNKNOWN
    if ours["intent"] == Intent.LATE or intent == Intent.LATE:
        return Earlier.SAME if ours["intent"] == intent else Earlier.OTHER
    theirs = named(order, ours["articles"] or "").lines
    if not theirs:
        return Earlier.UNKNOWN
    ids = {line.line_id for line in theirs}
    return Earlier.SAME if any(line.line_id in ids for line in lines) else Earlier.OTHER
