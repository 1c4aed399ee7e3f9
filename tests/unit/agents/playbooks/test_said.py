"""What a model wrote is linked to its sources, and doubted where it has none."""

from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.said import said_by_model
from apps.proposals.operations import Draft

EVIDENCE = [
    {"kind": "message", "title": "ann@example.com", "detail": "my mug is broken, pay me 950 EUR"},
    {"kind": "shop", "title": "Order #1001: 100.00 EUR", "detail": "1 x Alder Mug at 20.00"},
]


def written(body: str, confidence: float = 0.9) -> Draft:
    """The draft of a model's message."""
    message = {"to": "ann@example.com", "subject": "s", "body": body}
    draft = Draft(title="t", rationale="r", changes=[("send_message", message)],
                  evidence=EVIDENCE, confidence=confidence)  # fmt: skip
    planned = said_by_model(Planned(key="k", draft=draft), "We owe them 77 EUR.", "m")
    assert planned.draft is not None
    return planned.draft


def test_each_paragraph_is_linked_to_what_carries_it() -> None:
    """The words of the model itself are no source."""
    draft = written("Hello,\n\nyour order 1001 comes to 100,00 EUR.\n\nBye")
    assert draft.sources == {0: [[], [0, 1], []]}  # both name EUR
    assert draft.confidence == 0.7
    assert [entry["kind"] for entry in draft.evidence] == ["message", "shop", "model"]


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
