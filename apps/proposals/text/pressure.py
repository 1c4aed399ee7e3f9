"""Text that works on the person who decides: in what customers, feeds and agents wrote. Pure.

It marks, it does not decide: the signs of each kind are data (`pressure.toml`), and each mark
quotes the words it was found in. Addresses that pass for others are found by `lookalikes`,
characters nobody sees by `folding`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from apps.proposals.text.folding import Folded, fold
from apps.proposals.text.lookalikes import lookalikes
from apps.proposals.text.provenance import leaves

FILE = Path(__file__).with_suffix(".toml")
AROUND = 60  # characters of the text a mark quotes on either side of the sign
LONGEST = 40_000  # characters of a proposal that are read
MANY = 12  # marks: more say nothing new
OUR_OWN = ("rule", "text", "decision")  # evidence which our own agents' rules write, quoting signs


class Kind(StrEnum):
    """On what a text works."""

    INSTRUCTION = "instruction"
    APPROVED = "approved"
    AUTHORITY = "authority"
    SECRECY = "secrecy"
    URGENCY = "urgency"
    ADDRESS = "address"
    HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One text that works on the reviewer: how, where it stands, and its words.

    `place` is `title`, `rationale`, the name of a parameter, or `evidence 2`, as it is cited.
    """

    kind: Kind
    place: str
    words: str


def read(file: Path = FILE) -> dict[Kind, re.Pattern[str]]:
    """The signs of each kind as the file has them, all languages in one expression."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        Kind(kind): any_of([sign for signs in by_language.values() for sign in signs])
        for kind, by_language in content.items()
    }


def any_of(signs: Sequence[str]) -> re.Pattern[str]:
    """Whichever of the signs comes first, beginning and ending where words do."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(signs)})(?!\w)")


SIGNS = read()


def marks_in(text: str, *, place: str) -> Iterator[Mark]:
    """What in one text works on who reads it: the first of each kind."""
    folded = fold(text)
    for kind, signs in SIGNS.items():
        if found := signs.search(folded.text):
            yield Mark(kind=kind, place=place, words=quote(folded, *found.span()))
    if folded.hidden:
        start = folded.hidden[0]
        yield Mark(kind=Kind.HIDDEN, place=place, words=around(folded.source, start, start + 1))


def quote(folded: Folded, start: int, end: int) -> str:
    """The words of the source from which folded text came, with some of what is around them."""
    return around(folded.source, folded.places[start], folded.places[end - 1] + 1)


def around(source: str, start: int, end: int) -> str:
    """A stretch of text with whole words around it, in one line; `…` where it was cut."""
    first, last = max(start - AROUND, 0), min(end + AROUND, len(source))
    if first and " " in source[first:start]:
        first = source.index(" ", first, start) + 1
    if last < len(source) and " " in source[end:last]:
        last = source.rindex(" ", end, last)
    words = " ".join(source[first:last].split())
    return f"{'…' if first else ''}{words}{'…' if last < len(source) else ''}"


def marks(
    *,
    title: str = "",
    rationale: str = "",
    evidence: Sequence[object] = (),
    params: Sequence[Mapping[str, Any]] = (),
    by_own_agent: bool = False,
) -> list[Mark]:
    """Everything in a proposal that works on who decides, worst kinds first.

    What rules wrote is left out only of a proposal `by_own_agent`: a stranger calls anything so.
    """
    if by_own_agent:
        evidence = [{} if is_by_rules(exhibit) else exhibit for exhibit in evidence]
    every = list(texts_of(title, rationale, evidence, params))
    texts = list(bounded_texts(every))
    found = [mark for place, text in texts for mark in marks_in(text, place=place)]
    if (length := sum(len(text) for _, text in every)) > LONGEST:
        words = f"It is {length} characters long; this looked at the first {LONGEST}"
        found.append(Mark(kind=Kind.HIDDEN, place="rationale", words=words))
    found += [
        Mark(kind=Kind.ADDRESS, place=lookalike.place, words=lookalike.words)
        for lookalike in lookalikes(texts)
    ]
    order = list(Kind)
    return sorted(dict.fromkeys(found), key=lambda mark: order.index(mark.kind))[:MANY]


def texts_of(
    title: str,
    rationale: str,
    evidence: Sequence[object],
    params: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, str]]:
    """Every text of a proposal with its place."""
    yield "title", title
    yield "rationale", rationale
    for params_of_one in params:
        for name, value in params_of_one.items():
            yield from ((name, text) for text in leaves(value))
    for number, exhibit in enumerate(evidence, 1):
        if not isinstance(exhibit, Mapping):
            continue
        for name, value in exhibit.items():
            if name not in ("kind", "item_id"):
                yield from ((f"evidence {number}", text) for text in leaves(value))


def is_by_rules(entry: object) -> bool:
    """Whether the entry of evidence says of itself that rules wrote it."""
    return isinstance(entry, Mapping) and entry.get("kind") in OUR_OWN


def bounded_texts(texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """As many of the texts as are read."""
    left = LONGEST
    for place, text in texts:
        if text and left > 0:
            yield place, text[:left]
            left -= len(text)


def kinds(found: Sequence[Mark]) -> list[str]:
    """The different kinds among marks, in their order."""
    return list(dict.fromkeys(mark.kind.value for mark in found))
