"""Rows of CSV with a header, while they arrive."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from apps.gateway.connectors.feed.text import Broken, NotRows, Text

DELIMITERS = (",", ";", "\t", "|")
LONGEST_FIELD = 200_000  # characters of one field
MOST_SPLITS = 1_000  # rows with a quote that is never closed, after which nothing is believed
QUOTED = re.compile(r'"(?:[^"]|"")*"')
COMMA_NUMBER = re.compile(r"([+-]?)([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,([0-9]+))?")
AMOUNTS = frozenset({"amount"})  # the columns `decimal` is about


def read_csv(text: Text, *, delimiter: str = "", decimal: str = ".") -> Iterator[Any]:
    """Each line as a mapping by the header's names, in lower case; empty fields are None.

    With `decimal` ",", an amount `1.234,50` is 1234.50: told, not guessed. A quote that is never
    closed breaks its own line only. Raises `NotRows` without a header of several columns, and where
    the last line is cut off.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = Lines(text)
    header = next((line for line in lines if line.strip()), "")
    separator = delimiter or find_delimiter(header)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=separator), [])]
    if len(names) < 2 or len({*names}) < len(names):
        raise NotRows(f"no header with names of columns, each once: {header[:80]!r}")
    reader = csv.reader(lines, delimiter=separator)
    while True:
        lines.begin()
        try:
            values, problem = next(reader, None), ""
            if len(lines.taken) > 1:  # a text over several lines has to end with its quote
                next(csv.reader(lines.taken, delimiter=separator, strict=True))
        except csv.Error as error:
            values, problem = [], f"it is not CSV: {error}"
        if values is None:
            return
        if not problem and not any(value.strip() for value in values):
            continue
        if len(values) == len(names) and not problem:
            yield {
                name: read_value(value, decimal if name in AMOUNTS else ".")
                for name, value in zip(names, values, strict=True)
            }
            continue
        if len(lines.taken) == 1 and lines.is_cut:
            raise NotRows("it ends in the middle of a line; nothing of it was used")
        yield Broken(
            lines.split(),
            problem or f"it has {len(values)} columns, the header has {len(names)}",
        )


class Lines:
    """The lines of the text, and `taken`: those of them that went into the row being read."""

    def __init__(self, text: Text) -> None:
        self._lines = text.lines()
        self._again: deque[str] = deque()
        self._splits = 0
        self.taken: list[str] = []
        self.is_cut = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.is_cut = not line.endswith("\n")
        self.taken.append(line)
        return line.replace("\0", "")

    def begin(self) -> None:
        """A row begins."""
        self.taken.clear()

    def split(self) -> str:
        """The first line of a row that is none; the others are read again, each for itself."""
        first, *others = self.taken
        if others:
            self._splits += 1
            if self._splits > MOST_SPLITS:
                raise NotRows("its quotes are not closed, line after line")
            self._again.extendleft(reversed(others))
        return first


def find_delimiter(header: str) -> str:
    """The sign that separates most columns of the header."""
    bare = QUOTED.sub("", header)
    return max(DELIMITERS, key=bare.count)


def read_value(value: str, decimal: str) -> str | None:
    """A field; with a comma before decimals, a number as machines write it."""
    value = value.strip()
    if decimal == "," and (found := COMMA_NUMBER.fullmatch(value)):
        sign, whole, places = found.groups()
        value = f"{sign}{whole.replace('.', '')}" + (f".{places}" if places else "")
    return value or None
