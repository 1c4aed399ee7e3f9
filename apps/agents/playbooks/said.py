"""What a model said of a case, beside what the rules say: seconded, contradicted, or on its own.

What passes alone is the rules' own plan in our fixed words: a model that agrees costs it nothing.
A model's own words go to a person until people have judged enough of them to be relied on.
"""

from dataclasses import replace
from typing import Any

from apps.agents.playbooks.base import QUOTE, Planned
from apps.agents.playbooks.calibration import READ, Tally
from apps.proposals.evidence import DISSENT, UNMEASURED
from apps.proposals.operations import Draft
from apps.proposals.text.provenance import UNSUPPORTED, link, text_of, unsupported

MODEL_CONFIDENCE = 0.7  # no more than this of a model nobody has measured
DOUBTED = 0.4  # nor of a text that says what stands in no source
SURE = 0.95  # from here on the rules know
LIFTED_FROM = 0.8  # what is less sure has its own reason, which no tally takes away
UNJUDGED = Tally()
Read = dict[str, str]  # see `calibration.read_by`


def confidence_of(measured: Tally) -> float:
    """How sure a model's own word is: what it was right in at least, or not measured."""
    return round(measured.interval[0], 2) if measured.is_enough else MODEL_CONFIDENCE


def seconded(
    planned: Planned, words: str, model: str, *, read: Read, measured: Tally = UNJUDGED
) -> Planned:
    """The rules' plan, with a model that came to the same: never less sure than without it.

    Surer only as far as people have judged such plans.
    """
    if planned.draft is None:
        return planned
    draft = planned.draft
    entry = quote(f"{model} came to the same", words)
    lifted = measured.interval[0] if measured.is_enough and draft.confidence >= LIFTED_FROM else 0.0
    return replace(
        planned,
        draft=replace(
            draft,
            rationale=f"{draft.rationale} {model} came to the same: {words[:QUOTE] or 'no words'}",
            evidence=[*draft.evidence, entry],
            case={**draft.case, READ: read},
            confidence=max(draft.confidence, round(lifted, 2)),
        ),
    )


def contradicted(
    planned: Planned, words: str, model: str, *, read: Read, otherwise: str, waits: bool
) -> Planned:
    """The rules' plan, with a model that came to something else, which is said in `otherwise`.

    Where it `waits`, a person decides between the two, and the plan is less sure.
    """
    if planned.draft is None:
        return planned
    draft = planned.draft
    told = f"{otherwise} {words}".strip()
    entry = quote(f"{model} came to something else", told) | {"kind": DISSENT if waits else "model"}
    return replace(
        planned,
        draft=replace(
            draft,
            evidence=[*draft.evidence, entry],
            case={**draft.case, READ: read},
            confidence=min(draft.confidence, DOUBTED) if waits else draft.confidence,
        ),
    )


def said_by_model(
    planned: Planned,
    words: str,
    model: str,
    *,
    read: Read | None = None,
    measured: Tally = UNJUDGED,
) -> Planned:
    """The plan marked as a model's own: as sure as it was measured to be, and else for a person.

    Its words are shown as evidence, and each paragraph it wrote is linked to what carries it.
    """
    if planned.draft is None:
        return planned
    draft = planned.draft
    evidence = [*draft.evidence, quote(f"Planned by {model}", words)]
    if not measured.is_proven:
        title = f"This is {model}'s own: a person decides"
        evidence.append({"kind": UNMEASURED, "title": title, "detail": measured.in_words()})
    draft = replace(
        draft,
        evidence=evidence,
        confidence=min(draft.confidence, confidence_of(measured)),
        case={**draft.case, READ: read},
    )
    return replace(planned, draft=doubted(linked(draft)))


def quote(title: str, words: str) -> dict[str, Any]:
    """A model's words as an entry of evidence: it vouches for nothing."""
    return {"kind": "model", "title": title, "detail": words[:QUOTE] or "no words"}


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
