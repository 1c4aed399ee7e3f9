"""A drafted text paragraph by paragraph, each with what it was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.proposals.models import Change
from apps.proposals.text import provenance


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph with the numbers of its evidence (from 1, as shown), and what nothing supports.

    `edited`: a reviewer wrote it, not the proposer.
    """

    number: int
    text: str
    sources: list[int]
    problems: list[str]
    edited: bool


def drafted(change: Change, evidence: object) -> list[Paragraph]:
    """The text people will read of a change; empty where it has none.

    Sources nobody recorded are found by comparing the text with the evidence. While the evidence
    is kept back (None), nothing is said about what supports it.
    """
    text = provenance.text_of(change.params)
    if not text:
        return []
    parts = provenance.paragraphs(text)
    sources: list[list[int]] = [[] for _ in parts]
    problems: list[list[str]] = [[] for _ in parts]
    items = [exhibit if isinstance(exhibit, Mapping) else {} for exhibit in evidence] if isinstance(
        evidence, list
    ) else []  # fmt: skip
    if evidence is not None:
        sources = sources_of(change, text, items)
        problems = provenance.unsupported(text, items, sources)
    written = set(provenance.paragraphs(provenance.text_of(change.proposed)))
    return [
        Paragraph(
            number=number,
            text=paragraph,
            sources=[place + 1 for place in places if 0 <= place < len(items)],
            problems=unproven,
            edited=bool(written) and paragraph not in written,
        )
        for number, (paragraph, places, unproven) in enumerate(
            zip(parts, sources, problems, strict=True), 1
        )
    ]


def sources_of(change: Change, text: str, items: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """The sources of each paragraph as recorded; found anew where none or too few are."""
    recorded = change.sources if isinstance(change.sources, list) else []
    if len(recorded) == len(provenance.paragraphs(text)):
        return [[place for place in places if isinstance(place, int)] for places in recorded]
    return provenance.link(text, items)


def cited_by(cards: Sequence[tuple[str, Sequence[Paragraph]]]) -> dict[int, list[tuple[str, int]]]:
    """For each piece of evidence, by number: the (change, paragraph) places that cite it."""
    found: dict[int, list[tuple[str, int]]] = {}
    for change, paragraphs in cards:
        for paragraph in paragraphs:
            for number in paragraph.sources:
                found.setdefault(number, []).append((change, paragraph.number))
    return found
