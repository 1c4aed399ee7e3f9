"""What a follow-up continues, and that the same complaint gives no second claim."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.agents.playbooks.refund_desk import conversation
from apps.agents.playbooks.refund_desk.conversation import Exchange
from apps.agents.playbooks.refund_desk.decision import Refund
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.reading import Reading
from apps.gateway.records import Message
from tests.factories.agents import NOW, case, order

REFUND = Refund(amount=Decimal(20), reason="100 % of the mug.")
LAMP, MUG = order().lines[1], order().lines[0]


def message(**fields: Any) -> Message:
    """A message of Ann's."""
    values = {"message_id": "m2", "sender": "ann@example.com", "subject": "", "body": "And now?",
              "received_at": NOW}  # fmt: skip
    return Message(**(values | fields))


def exchange(**fields: Any) -> Exchange:
    """An earlier message about her mug, for which a refund waits."""
    values = {"message_id": "m1", "at": NOW - timedelta(days=2), "order": "1001",
              "intent": "damaged", "skus": ["MUG"], "proposal_id": "p", "state": "waiting",
              "title": "Refund 20.00 EUR", "wrote": "It is broken.", "gives": True,
              "answer_ids": ["<aios.key@demo.example>"]}  # fmt: skip
    return Exchange(**(values | fields))


def reading(intent: Intent, confidence: float = 0.9) -> Reading:
    """A message read like this."""
    return Reading(intent=intent, language="en", confidence=confidence, signs=(), reader="rules")


class TestWhatIsContinued:
    @pytest.mark.parametrize(
        "fields",
        [
            {"in_reply_to": "<m1>"},
            {"in_reply_to": "m1"},
            {"references": "<older@x> <m1>"},
            {"references": ["older@x", "aios.key@demo.example"]},
            {"in_reply_to": "<aios.key@demo.example>"},
        ],
    )
    def test_what_it_names_in_its_headers(self, fields: dict[str, Any]) -> None:
        """The customer's own message, or our answer to it, with or without brackets."""
        assert conversation.continued_by(message(**fields), "", [exchange()]) == [exchange()]
        assert conversation.order_of(message(**fields), [exchange()]) == "1001"

    def test_what_is_about_the_same_order(self) -> None:
        """Newest first, as they came; another order is another matter."""
        found = [exchange(), exchange(message_id="m0"), exchange(order="1002")]
        assert conversation.continued_by(message(), "1001", found) == found[:2]
        assert conversation.continued_by(message(), "", found) == []

    @pytest.mark.parametrize("odd", [None, 7, {"id": "m1"}, [None, 7], "", "   "])
    def test_odd_headers_lose_no_message(self, odd: Any) -> None:
        """They are left out; the message is read."""
        read = message(in_reply_to=odd, references=odd)
        assert (read.in_reply_to, read.references) == ((), ())

    def test_endless_references_are_cut(self) -> None:
        """The newest are kept."""
        read = message(references=[f"m{n}" for n in range(10_000)])
        assert len(read.references) <= 50
        assert read.references[-1] == "m9999"


class TestOnce:
    @pytest.mark.parametrize("state", ["waiting", "approved", "needs_person", "done"])
    def test_the_same_again_is_for_a_person(self, state: str) -> None:
        """Money is waiting or was given for the same article: said, and with what."""
        found = conversation.once(REFUND, Intent.MONEY_BACK, [MUG], [exchange(state=state)])
        assert found.amount == REFUND.amount
        assert "Refund 20.00 EUR" in found.doubt

    @pytest.mark.parametrize("skus", [[], ["MUG", "LAMP"]])
    def test_so_is_what_may_be_the_same(self, skus: list[str]) -> None:
        """Nobody named an article, or one of several is the same."""
        assert conversation.once(REFUND, Intent.DAMAGED, [MUG], [exchange(skus=skus)]).doubt

    @pytest.mark.parametrize(
        "fields",
        [
            {"skus": ["LAMP"]},
            {"gives": False},
            *({"state": state} for state in ("rejected", "denied", "expired", "failed", "undone")),
        ],
    )
    def test_anything_else_is_a_claim_of_its_own(self, fields: dict[str, Any]) -> None:
        """Another article, an answer without money, or what came to nothing."""
        assert conversation.once(REFUND, Intent.DAMAGED, [MUG], [exchange(**fields)]) == REFUND

    def test_two_in_one_batch(self) -> None:
        """Nothing is proposed for the first yet; of the same intent they are the same claim."""
        beside = exchange(state="", gives=False, title="")
        assert conversation.once(REFUND, Intent.DAMAGED, [MUG], [beside]).doubt
        assert not conversation.once(REFUND, Intent.LATE, [MUG], [beside]).doubt

    def test_what_gives_nothing_is_not_doubted(self) -> None:
        """And an earlier doubt is kept."""
        nothing = Refund(amount=Decimal(0), reason="")
        assert conversation.once(nothing, Intent.DAMAGED, [MUG], [exchange()]) == nothing
        doubted = replace(REFUND, doubt="The shop says nothing of the discount.")
        assert conversation.once(doubted, Intent.DAMAGED, [MUG], [exchange()]) == doubted


class TestTogether:
    ASKED = exchange(state="done", said="ask_article", gives=False, skus=[])

    def test_a_bare_answer_is_read_with_the_question(self) -> None:
        """“The blue one” means what the first message was about, and is never sure."""
        read, words = conversation.together(reading(Intent.OTHER), [self.ASKED])
        assert (read.intent, read.confidence, words) == (Intent.DAMAGED, 0.7, "It is broken.")

    @pytest.mark.parametrize(
        ("intent", "fields"),
        [
            (Intent.CANCEL, {}),
            (Intent.THANKS, {}),
            (Intent.SUSPICIOUS, {}),
            (Intent.OTHER, {"said": "refund"}),
            (Intent.OTHER, {"state": "waiting"}),
            (Intent.OTHER, {"intent": "something else"}),
        ],
    )
    def test_what_speaks_for_itself_is_read_by_itself(
        self, intent: Intent, fields: dict[str, Any]
    ) -> None:
        """And where we asked nothing, or our question was never sent."""
        before = reading(intent)
        thread = [self.ASKED.model_copy(update=fields)]
        assert conversation.together(before, thread) == (before, "")

    def test_the_first_message_continues_nothing(self) -> None:
        """As before."""
        before = reading(Intent.OTHER)
        assert conversation.together(before, []) == (before, "")


def test_reviewers_see_the_exchange() -> None:
    """The customer's words, what was proposed and how it stands, and the proposal to open."""
    told = conversation.as_evidence(exchange(answered="We look after it."))
    assert told["kind"] == "earlier_message"
    assert told["proposal_id"] == "p"
    assert told["detail"] == {"wrote": "It is broken.", "proposed": "Refund 20.00 EUR",
                              "stands": "waiting", "answered": "We look after it."}  # fmt: skip
    assert "proposal_id" not in conversation.as_evidence(exchange(proposal_id=""))


def test_a_case_keeps_its_thread() -> None:
    """Through a checkpoint and back."""
    kept = case("Broken.", thread=[exchange()])
    assert type(kept).model_validate(kept.model_dump(mode="json")) == kept
    assert LAMP.sku == "LAMP"
