"""Two texts, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

LONGEST = 4_000  # characters; longer texts are shown whole, before and after
SHARED = 0.2  # of the longer text; where less stayed, words are alike by chance
WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """A run of text that stayed, came or went."""

    kind: Literal["same", "ins", "del"]
    text: str


def compare(before: str, after: str) -> list[Piece]:
    """The pieces that lead from one text to the other, in reading order.

    A text written anew is shown whole, before and after: word by word nobody could read either.
    """
    if max(len(before), len(after)) > LONGEST:
        return [Piece("del", before), Piece("ins", after)]
    pieces = list(_pieces(WORDS.findall(before), WORDS.findall(after)))
    kept = sum(len(piece.text.strip()) for piece in pieces if piece.kind == "same")
    if kept < SHARED * max(len(before), len(after)):
        return [Piece("del", before), Piece("ins", after)]
    return pieces


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(old[i1:i2]))
            continue
        if i1 < i2:
            yield Piece("del", "".join(old[i1:i2]))
        if j1 < j2:
            yield Piece("ins", "".join(new[j1:j2]))
