"""What an answer rests on: the customer's history, and the sources of each paragraph."""

from datetime import timedelta

import pytest

from apps.agents.playbooks.refund_desk import drafts, planner
from apps.agents.playbooks.refund_desk.evidence import customer
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.languages import LANGUAGES
from apps.agents.playbooks.refund_desk.reading import Reading
from apps.agents.playbooks.refund_desk.replies import TEXTS
from apps.agents.playbooks.refund_desk.sense import Sensed
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.agents.playbooks.refund_desk.situation import weigh
from apps.proposals.text.provenance import paragraphs, text_of, unsupported
from tests.factories import agents as make


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", TEXTS)
def test_every_paragraph_of_our_own_texts_has_its_sources(kind: str, language: str) -> None:
    """In every language, with nothing in it that they do not hold."""
    sensed = Sensed(cases=[make.case("hello")], corrections=[], left=0)
    reading = Reading(intent=Intent.LATE, language=language, confidence=0.9, signs=())
    situation = weigh(sensed.cases[0], sensed, Settings(), now=make.NOW, reading=reading)
    changes = [("send_message", drafts.say(situation, kind))]
    draft = drafts.draft(situation, "t", "w", changes, said=kind).draft
    assert draft is not None
    [(place, sources)] = draft.sources.items()
    text = text_of(draft.changes[place][1])
    assert len(sources) == len(paragraphs(text)) == 3
    assert all(sources)
    assert unsupported(text, draft.evidence, sources) == [[], [], []]
    middle = {draft.evidence[index]["kind"] for index in sources[1]}
    assert middle == {"text", "rule", "shop"}


def test_the_sources_belong_to_the_message_and_not_to_the_refund() -> None:
    """The second change of two."""
    sensed = Sensed(cases=[make.case("The Alder Mug is broken")], corrections=[], left=0)
    [planned] = planner.plan(sensed, Settings(), now=make.NOW)
    assert planned.draft is not None
    assert list(planned.draft.sources) == [1]


def test_the_customers_history_is_added_up() -> None:
    """Other orders, refunds among them, the newest in a line each."""
    past = [
        make.order(order_id=f"o{n}", number=str(900 + n),
                   placed_at=make.NOW - timedelta(days=30 * n),
                   payments=[make.payment("100.00", "20.00" if n == 2 else "0.00")])
        for n in range(1, 8)
    ]  # fmt: skip
    entry = customer(make.order(), past)
    assert entry["title"] == "ann@example.com: 7 other orders, 1 with a refund"
    detail = entry["detail"]
    assert (detail["total"], detail["refunded"], detail["refunds"]) == ("700.00", "20.00", 1)
    assert len(detail["newest"]) == 5
    assert "20.00 refunded" in detail["newest"][1]
    assert customer(make.order(), [])["title"] == "ann@example.com: no other order"


def test_other_currencies_are_not_added_to_ours() -> None:
    """They count as orders, not as money."""
    foreign = make.order(order_id="o2", currency="USD")
    assert customer(make.order(), [foreign])["detail"]["total"] == "0"
