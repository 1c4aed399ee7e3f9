"""Rows of a JSON array, or of one JSON value after another, while they arrive.

With the scanner of the standard library and not with `ijson`: a parser of the whole document stops
at the first `NaN` or stray sign and hides every row after it. Here each row is parsed for itself,
and one that is not well-formed is passed over up to where the next one begins.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.gateway.connectors.feed.text import Broken, NotRows, Text

SCANNER = json.JSONDecoder(parse_float=Decimal)
UNUSABLE = (ValueError, RecursionError)
STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|["\[\]{},]', re.DOTALL)
AFTER_A_ROW = r"\s*(?:,\s*[\[{\"0-9tfnN-]|\]\s*$)"
FOLLOWED = re.compile(AFTER_A_ROW)
NEXT_ROW = re.compile(rf"\}}(?={AFTER_A_ROW})")
PAIRS = (("{", "}"), ("[", "]"))
MOST_GUESSES = 50
NEAR = 16  # signs before the end of what is there: an error here may be only that more is to come
QUOTED = 80  # characters of a text that are quoted
RECORD_SEPARATOR = "\x1e"  # before each row of a JSON text sequence (RFC 7464)


def read_array(text: Text) -> Iterator[Any]:
    """The elements of the array. Raises `NotRows` for one that is cut off or is no array."""
    if text.skip_blank() != "[":
        raise NotRows(f"not a JSON list: {text.ahead(QUOTED)!r}")
    text.place += 1
    number = 0
    sign = text.skip_blank()
    while sign != "]":
        number += 1
        yield element(text, number)
        sign = text.skip_blank()
        if sign == ",":
            text.place += 1
            sign = text.skip_blank()
        elif sign != "]":
            raise NotRows(f"after row {number} comes {sign!r}") if sign else cut(number)
    text.place += 1
    if text.skip_blank():
        raise NotRows(f"after the list comes {text.ahead(QUOTED)!r}")


def read_values(text: Text) -> Iterator[Any]:
    """One JSON value after another: each on a line of its own, or written over several.

    Raises `NotRows` where the last one is cut off, where nothing is JSON, and for one object around
    lists of rows.
    """
    if not text.skip_blank():
        return
    first = text.line_ahead().strip(RECORD_SEPARATOR)
    try:
        value = SCANNER.decode(first.strip())
    except UNUSABLE:
        yield from read_spread(text)
        return
    if not text.has_another_line():
        refuse_whole(value)
    yield from read_lines(text)


def read_lines(text: Text) -> Iterator[Any]:
    """A row a line."""
    for number, line in enumerate(text.lines(), start=1):
        written = line.strip().strip(RECORD_SEPARATOR)
        if not written:
            continue
        try:
            yield SCANNER.decode(written)
        except UNUSABLE as error:
            if not line.endswith("\n"):
                raise cut(number) from error
            yield Broken(written, why(error))


def read_spread(text: Text) -> Iterator[Any]:
    """Values over several lines each."""
    number = 0
    while sign := text.skip_blank():
        number += 1
        if sign not in "{[":
            raise NotRows(f"not JSON: {text.ahead(QUOTED)!r}")
        row = element(text, number)
        if number == 1 and not text.skip_blank():
            refuse_whole(row)
        yield row


def refuse_whole(value: Any) -> None:
    """Raise `NotRows` if the only value there is cannot be a row: an object around lists, null."""
    if not isinstance(value, dict):
        raise NotRows("one JSON value that is no row")
    if any(isinstance(inner, list) for inner in value.values()):
        raise NotRows(f"an object with {', '.join(value)}, not a list of rows")


def element(text: Text, number: int) -> Any:
    """The value that begins here, or a `Broken`. Raises `NotRows` where it does not end."""
    while True:
        try:
            value, end = SCANNER.raw_decode(text.buffer, text.place)
        except UNUSABLE as error:
            found = end_of_broken(text, error)
            if found is not None:
                written = text.buffer[text.place : found]
                text.place = found
                return Broken(written, why(error))
        else:
            if end < len(text.buffer) or text.ended:  # else a number may go on
                text.place = end
                return value
        if text.ended:
            raise cut(number)
        text.more(max(len(text.buffer) - text.place, 1))


def end_of_broken(text: Text, error: Exception) -> int | None:
    """Where a row that is not well-formed ends; None where it may only not be here in full."""
    ends = [end_by_brackets(text)]
    if isinstance(error, json.JSONDecodeError):
        is_open = error.msg.startswith("Unterminated") or error.pos >= len(text.buffer) - NEAR
        if is_open and not text.ended:
            return None
        ends.append(end_before_next(text, max(error.pos - 1, text.place)))
    return min((end for end in ends if end is not None), default=None)


def end_before_next(text: Text, start: int) -> int | None:
    """Where the next row seems to begin after `start`, whatever state the quotes are in."""
    for guess, found in enumerate(NEXT_ROW.finditer(text.buffer, start)):
        written = text.buffer[text.place : found.end()]
        if all(written.count(left) == written.count(other) for left, other in PAIRS):
            return found.end()
        if guess == MOST_GUESSES:
            break
    return None


def end_by_brackets(text: Text) -> int | None:
    """Where the value that begins here ends, if its brackets and quotes are in pairs."""
    end = first_end(text)
    return end if end is not None and FOLLOWED.match(text.buffer, end) else None


def first_end(text: Text) -> int | None:
    """Where its brackets are closed for the first time."""
    depth = 0
    for sign in STRUCTURE.finditer(text.buffer, text.place):
        match sign[0]:
            case '"':  # a text that does not end
                return None
            case "{" | "[":
                depth += 1
            case "}" | "]":
                depth -= 1
                if depth <= 0:
                    return sign.end() if depth == 0 else sign.start()
            case "," if depth == 0:
                return sign.start()
            case _:
                pass
    return None


def why(error: Exception) -> str:
    """Why a row is no JSON."""
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON: {error.msg.lower()}, sign {error.colno} of line {error.lineno}"
    return "it is not JSON: it nests too deep, or has a number too long"


def cut(number: int) -> NotRows:
    """The feed ends in the middle."""
    return NotRows(f"it ends in the middle, in row {number}; nothing of it was used")
