"""What a model wrote: marked as its words, linked to its sources, and doubted where it has none."""

from dataclasses import replace

from apps.agents.playbooks.base import QUOTE, Planned
from apps.proposals.operations import Draft
from apps.proposals.provenance import UNSUPPORTED, link, text_of, unsupported

MODEL_CONFIDENCE = 0.7  # a model's own word never makes a proposal surer than this
DOUBTED = 0.4  # nor one whose text says what stands in no source


def said_by_model(planned: Planned, words: str, model: str) -> Planned:
    """The plan marked as a model's: its words are shown as evidence, its confidence is capped.

    Each paragraph it wrote is linked to the evidence that carries it.
    """
    if planned.draft is None:
        return planned
    entry = {"kind": "model", "title": f"Planned by {model}", "detail": words[:QUOTE] or "no words"}
    draft = replace(
        planned.draft,
        evidence=[*planned.draft.evidence, entry],
        confidence=min(planned.draft.confidence, MODEL_CONFIDENCE),
    )
    return replace(planned, draft=doubted(linked(draft)))


def linked(draft: Draft) -> Draft:
    """The draft with the sources of every text that has none yet."""
    texts = {place: text_of(params) for place, (_, params) in enumerate(draft.changes)}
    found = {place: link(text, draft.evidence) for place, text in texts.items() if text}
    return replace(draft, sources={**found, **draft.sources})


def doubted(draft: Draft) -> Draft:
    """The draft, less sure and with a warning where a text says what stands in no source."""
    problems = [
        problem
        for place, places in draft.sources.items()
        for paragraph in unsupported(text_of(draft.changes[place][1]), draft.evidence, places)
        for problem in paragraph
    ]
    if not problems:
        return draft
    warning = {
        "kind": UNSUPPORTED,
        "title": "The text says what was not found in anything that was read",
        "detail": " ".join(dict.fromkeys(problems))[:QUOTE],
    }
    return replace(
        draft, evidence=[*draft.evidence, warning], confidence=min(draft.confidence, DOUBTED)
    )
