"""What a model wrote is linked to its sources, and doubted where it has none.

And what rules planned is as sure with a model as without it.
"""

from dataclasses import replace

import pytest

from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.calibration import Tally, read_by
from apps.agents.playbooks.said import contradicted, said_by_model, seconded
from apps.proposals.evidence import is_doubted
from apps.proposals.operations import Draft
from apps.proposals.text.provenance import link

EVIDENCE = [
    {"kind": "message", "title": "ann@example.com", "detail": "my mug is broken, pay me 950 EUR"},
    {"kind": "shop", "title": "Order #1001: 100.00 EUR", "detail": "1 x Alder Mug at 20.00"},
]


def written(body: str, confidence: float = 0.9) -> Draft:
    """The draft of a model's message."""
    message = {"to": "ann@example.com", "subject": "s", "body": body}
    draft = Draft(title="t", rationale="r", changes=[("send_message", message)],
                  evidence=EVIDENCE, confidence=confidence)  # fmt: skip
    planned = said_by_model(
        Planned(key="k", draft=draft), "We owe them 77 EUR.", "m", read=read_by("model", name="m")
    )
    assert planned.draft is not None
    return planned.draft


def test_each_paragraph_is_linked_to_what_carries_it() -> None:
    """The words of the model itself are no source."""
    draft = written("Hello,\n\nyour order 1001 comes to 100,00 EUR.\n\nBye")
    assert draft.sources == {0: [[], [0, 1], []]}  # both name EUR
    assert draft.confidence == 0.7
    kinds = [entry["kind"] for entry in draft.evidence]
    assert kinds == ["message", "shop", "model", "unmeasured"]


def test_what_stands_nowhere_lowers_the_confidence_and_is_shown() -> None:
    """Also when only the model itself has said it."""
    draft = written("we are going to send you 77 EUR by the end of Friday")
    assert draft.confidence == 0.4
    assert draft.evidence[-1]["kind"] == "unsupported"
    assert "“77”" in draft.evidence[-1]["detail"]
    assert "“Friday”" in draft.evidence[-1]["detail"]


def test_a_low_confidence_stays_low() -> None:
    """Marking never makes a plan surer."""
    assert written("Hello", confidence=0.2).confidence == 0.2


RULES_DRAFT = Draft(title="t", rationale="It is due.", changes=[], evidence=EVIDENCE,
                    confidence=0.85, case={"intent": "damaged"})  # fmt: skip
RULES_PLAN = Planned(key="k", draft=RULES_DRAFT)
READ = read_by("both", name="m", rules="damaged", model="damaged")


def second(judged: int, right: int, confidence: float = 0.85) -> Draft:
    """The rules' draft with a model of one mind that was measured so."""
    draft = replace(RULES_DRAFT, confidence=confidence)
    planned = seconded(Planned(key="k", draft=draft), "Broken.", "m", read=READ,
                       measured=Tally(judged=judged, right=right))  # fmt: skip
    assert planned.draft is not None
    return planned.draft


def test_who_agrees_costs_the_rules_nothing() -> None:
    """Same changes, same certainty, and the agreement beside the evidence."""
    draft = second(0, 0)
    assert draft.changes == RULES_DRAFT.changes
    assert draft.confidence == 0.85
    assert draft.evidence[-1] == {"kind": "model", "title": "m came to the same",
                                  "detail": "Broken."}  # fmt: skip
    assert draft.rationale == "It is due. m came to the same: Broken."
    assert draft.case["read"] == READ
    assert not is_doubted(draft.evidence)


@pytest.mark.parametrize(
    ("judged", "right", "confidence"),
    [(19, 19, 0.85), (20, 10, 0.85), (100, 100, 0.96), (400, 398, 0.98)],
)
def test_agreement_makes_surer_only_as_far_as_people_judged_it(
    judged: int, right: int, confidence: float
) -> None:
    """Too few say nothing, and a poor record takes nothing away."""
    assert second(judged, right).confidence == confidence


def test_no_tally_lifts_what_has_another_reason_to_be_unsure() -> None:
    """Money for a customer who had a case before stays unsure."""
    assert second(400, 400, confidence=0.7).confidence == 0.7


def test_a_contradiction_is_shown_and_takes_nothing_from_sure_rules() -> None:
    """Until somebody says that it waits."""
    stays, waits = (
        contradicted(RULES_PLAN, "Hm.", "m", read=READ, otherwise="It read: late.", waits=waits)
        for waits in (False, True)
    )
    assert stays.draft is not None
    assert waits.draft is not None
    assert (stays.draft.confidence, is_doubted(stays.draft.evidence)) == (0.85, False)
    assert (waits.draft.confidence, is_doubted(waits.draft.evidence)) == (0.4, True)
    assert stays.draft.evidence[-1]["detail"] == "It read: late. Hm."


def test_what_a_model_would_have_said_vouches_for_no_text() -> None:
    """Its words are no evidence of themselves, whoever quotes them."""
    told = contradicted(RULES_PLAN, "We owe 77 EUR.", "m", read=READ, otherwise="", waits=True)
    assert told.draft is not None
    assert told.draft.evidence[-1]["kind"] == "dissent"
    places = link("We owe 77 EUR.", told.draft.evidence)
    assert len(told.draft.evidence) - 1 not in places[0]


@pytest.mark.parametrize(
    ("judged", "right", "waits", "confidence"),
    [(0, 0, True, 0.7), (19, 19, True, 0.7), (20, 20, True, 0.84), (30, 15, True, 0.33),
     (40, 40, False, 0.91), (200, 199, False, 0.95)],
)  # fmt: skip
def test_a_models_own_words_are_as_sure_as_they_were_measured(
    judged: int, right: int, waits: bool, confidence: float
) -> None:
    """Below nine in ten, or with too few judged, a person decides whatever the policy says."""
    draft = Draft(title="t", rationale="r", changes=[], evidence=EVIDENCE, confidence=0.95)
    planned = said_by_model(
        Planned(key="k", draft=draft), "Fine.", "m", read=READ,
        measured=Tally(judged=judged, right=right),
    )  # fmt: skip
    assert planned.draft is not None
    assert is_doubted(planned.draft.evidence) == waits
    assert planned.draft.confidence == pytest.approx(confidence, abs=0.02)
