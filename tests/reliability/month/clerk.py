"""A scripted model at the desk: it reads as it was told, and does what it is allowed."""

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from apps.agents.playbooks.refund_desk.intents import Intent
from apps.inference.providers.base import Completion, Embeddings, Question, Refused, Say, ToolCall
from tests.reliability.month.world import Letter

SHARE = re.compile(r"([0-9.]+) on (pay_\w+)")
WRONG = 0.1  # of what it reads


class Clerk:
    """A provider that knows the answers, but for one in ten."""

    def __init__(self, letters: Sequence[Letter], seed: int = 8) -> None:
        self._letters = {letter.body: letter for letter in letters}
        self._chance = Random(seed)
        self._read: dict[str, Intent] = {}

    def complete(self, question: Question, say: Say | None = None) -> Completion:
        """The next turn: classify, then propose, then say why."""
        case = json.loads(str(question.messages[1]["content"]))
        letter = self._letters[case["message"]["body"]]
        told = [one["content"] for one in question.messages if one["role"] == "tool"]
        if not told:
            return calls(("classify_message", {
                "intent": self.intent_of(letter), "language": letter.sale.language, "because": "",
            }))  # fmt: skip
        if len(told) == 1:
            return calls(*self.proposed(letter, case, str(told[0])))
        return Completion(text="That is what the customer asks for.", model="clerk")

    def embed(
        self, texts: Sequence[str], *, model: str, dimensions: int, timeout_s: float
    ) -> Embeddings:
        """It makes none."""
        raise Refused("the clerk makes no embeddings")

    def intent_of(self, letter: Letter) -> Intent:
        """What it takes the message for; always the same for the same message."""
        if letter.body not in self._read:
            others = [intent for intent in Intent if intent != letter.intent]
            wrong = self._chance.random() < WRONG
            self._read[letter.body] = self._chance.choice(others) if wrong else letter.intent
        return self._read[letter.body]

    def proposed(
        self, letter: Letter, case: Mapping[str, Any], allowed: str
    ) -> list[tuple[str, dict[str, Any]]]:
        """What may be given back, exactly; an order that has not left is cancelled if asked."""
        answer = {"to": case["message"]["sender"], "subject": "Your message",
                  "body": "We have looked after your message."}  # fmt: skip
        order, wanted = case["order"], []
        if order and "Only answer" not in allowed:
            wanted = [
                ("refund_payment", {"order_id": order["order_id"], "payment_id": payment,
                                    "amount": amount.rstrip("."), "currency": order["currency"]})
                for amount, payment in SHARE.findall(allowed)
            ]  # fmt: skip
        elif order and self.intent_of(letter) == Intent.CANCEL and is_here(order):
            wanted = [("cancel_order", {"order_id": order["order_id"]})]
        return [*wanted, ("send_message", answer)]


def is_here(order: Mapping[str, Any]) -> bool:
    """Whether the order has not left yet."""
    return bool(order["fulfillment_status"] == "not_fulfilled")


def calls(*wanted: tuple[str, dict[str, Any]]) -> Completion:
    """A turn in which tools are called."""
    return Completion(
        text="",
        tool_calls=tuple(
            ToolCall(id=f"call_{place}", name=name, arguments=json.dumps(arguments))
            for place, (name, arguments) in enumerate(wanted)
        ),
        finish_reason="tool_calls",
        model="clerk",
    )
