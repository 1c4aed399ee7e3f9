"""What is heard in messages, and what happens when nothing can be heard."""

import pytest

from apps.agents.playbooks.refund_desk import hearing, planner, vectors
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.examples import FILE, read, shipped
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.languages import LANGUAGES
from apps.agents.playbooks.refund_desk.settings import Settings
from tests.factories import agents as make


def test_every_shipped_example_has_its_vector_in_the_file() -> None:
    """Whoever changes the examples runs `manage.py embed_examples`; one is what the model says."""
    missing = [one.text for one in shipped() if vectors.digest(one.text) not in vectors.shipped()]
    assert missing == []
    text = shipped()[0].text
    [anew] = vectors.embed([text])
    assert float(anew @ vectors.shipped()[vectors.digest(text)]) > 0.999


def test_every_intent_has_examples_in_every_language() -> None:
    """And no text means two things."""
    found = {(one.intent, one.language) for one in read(FILE)}
    assert found == {(intent, language) for intent in Intent for language in LANGUAGES}
    texts = [one.text for one in shipped()]
    assert len(texts) == len(set(texts))


def test_a_message_comes_with_its_nearest_examples_as_evidence() -> None:
    """They survive the checkpoint, and the same state gives the same plan."""
    cases = desk.listen([make.case("The Alder Mug arrived broken, I want a refund.")])
    sensed = desk.Sensed(cases=cases, corrections=[], left=0)
    again = desk.Sensed.model_validate(sensed.model_dump(mode="json"))
    [planned] = planner.plan(again, Settings(), now=make.NOW)
    assert [planned] == planner.plan(sensed, Settings(), now=make.NOW)
    assert planned.draft is not None
    [rule] = [entry for entry in planned.draft.evidence if entry["kind"] == "rule"]
    assert "Most like: “" in rule["detail"]
    assert "“broken”" in rule["detail"]


def test_rules_go_on_when_the_model_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the language is still heard, and what no rule knows is for a person."""

    def broken(_texts: object) -> None:
        raise MemoryError

    monkeypatch.setattr(vectors, "embed", broken)
    monkeypatch.setattr(vectors, "_known", {})  # what was read before would need no model
    told, odd = hearing.hear(["Die Tasse ist leider kaputt.", "Der Kram ist doof."])
    assert (told.scores, told.language) == ({}, "de")
    assert "cannot read messages" in caplog.text
    cases = [make.case("Die Alder Mug ist leider kaputt."), make.case("Der Kram ist leider doof.")]
    first, second = (desk.read_by_rules(one) for one in desk.listen(cases))
    assert (first.intent, first.reader, first.sure) == (Intent.DAMAGED, "rules", True)
    assert second.intent == Intent.OTHER
    assert odd.model == ""
