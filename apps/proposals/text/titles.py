"""A title that still tells the truth after the parameters it names were changed. Pure.

Titles are the proposer's words. Only what they say of a changed parameter is put right: its value,
and the percentage by which a price moves. What cannot be told apart is added at the end instead.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from apps.money.typed import readings
from apps.policies.facts import number

LONGEST = 300  # characters
SHORTEST = 3  # of a text that is looked for
MINUS = ("-", "−")
FIGURE = re.compile(r"(?<![\w#.,])\d(?:[\d.,]*\d)?(?!\w|[.,]\d|\s?%)")
PERCENTAGE = re.compile(r"(?<![\w.,])(?P<sign>[+\-−]?)(?P<value>\d+(?:[.,]\d+)?)(?=\s?%)")
MONEY_BEFORE = re.compile(r"(?:\b[A-Z]{3}|[€$£¥])\s?$")
MONEY_AFTER = re.compile(r"\s?(?:[A-Z]{3}\b|[€$£¥])")


class Piece(NamedTuple):
    """A place in a title, and what is to stand there."""

    start: int
    end: int
    text: str


class Move(NamedTuple):
    """By how many percent a price was to move, and by how many it moves now."""

    before: Decimal
    after: Decimal


def renewed(title: str, edited: Iterable[Mapping[str, Any]], moves: Iterable[Move] = ()) -> str:
    """The title with the new values of what was edited ({field, before, after})."""
    pieces: list[Piece] = []
    added: list[str] = []
    for edit in edited:
        before, after = edit["before"], edit["after"]
        found = places(title, before, after)
        if len(found) == 1:
            pieces += found
        elif found:
            added.append(f"{edit['field'].replace('_', ' ')} now {after}")
    for move in moves:
        pieces += percentages(title, move)
    for piece in sorted(set(pieces), reverse=True):
        title = title[: piece.start] + piece.text + title[piece.end :]
    return f"{title} ({'; '.join(added)})"[:LONGEST] if added else title[:LONGEST]


def places(title: str, before: object, after: object) -> list[Piece]:
    """Where the title names a value, as a number however it is written, or word by word."""
    old, new = number(before), number(after)
    if old is not None and new is not None:
        return figures(title, old, new)
    if not (isinstance(before, str) and isinstance(after, str) and len(before) >= SHORTEST):
        return []
    words = re.finditer(rf"(?<!\w){re.escape(before)}(?!\w)", title)
    return [Piece(found.start(), found.end(), " ".join(after.split())) for found in words]


def figures(title: str, old: Decimal, new: Decimal) -> list[Piece]:
    """Where the title names the number, in one of its readings; only beside a currency if it does
    so there.
    """
    found = [
        match for match in FIGURE.finditer(title) if old in readings(match.group(), decimals=3)
    ]
    money = [
        match
        for match in found
        if MONEY_BEFORE.search(title[: match.start()]) or MONEY_AFTER.match(title, match.end())
    ]
    return [
        Piece(match.start(), match.end(), written(new, match.group())) for match in money or found
    ]


def written(value: Decimal, like: str) -> str:
    """The number as the other was written: with decimals or without, after a comma or a point.

    It has as many as it came with, which are those of its currency.
    """
    exponent = value.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    tail = re.search(rf"([.,])\d{{{digits}}}$", like) if digits else None
    if tail is None and value == value.to_integral_value():
        return f"{value:.0f}"
    text = f"{value:f}"
    return text.replace(".", ",") if tail and tail[1] == "," else text


def percentages(title: str, move: Move) -> list[Piece]:
    """Where the title says by how much the price was to move, to as many places as it does."""
    return [
        Piece(match.start(), match.end(), moved(move, match))
        for match in PERCENTAGE.finditer(title)
        if round(moved_by(move.before, match), places_of(match)) == said(match)
    ]


def said(match: re.Match[str]) -> Decimal:
    """The percentage as a number; without a sign it tells no direction."""
    value = Decimal(match["value"].replace(",", "."))
    return -value if match["sign"] in MINUS else value


def moved_by(percent: Decimal, match: re.Match[str]) -> Decimal:
    """The move as the title tells such: with its direction where there is a sign."""
    return percent if match["sign"] else abs(percent)


def places_of(match: re.Match[str]) -> int:
    """How many digits stand behind the point."""
    return len(re.sub(r"^\d+[.,]?", "", match["value"]))


def moved(move: Move, match: re.Match[str]) -> str:
    """The new percentage, written as the old one was; with a sign if the direction is another."""
    turned = (move.before < 0) != (move.after < 0)
    sign = ""
    if match["sign"] or turned:
        minus = match["sign"] if match["sign"] in MINUS else MINUS[0]
        sign = minus if move.after < 0 else "+"
    text = f"{abs(move.after):.{places_of(match)}f}"
    return sign + (text.replace(".", ",") if "," in match["value"] else text)
