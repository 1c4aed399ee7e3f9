"""What happened in a stretch of time, counted by every dimension at once. Pure.

Tallies add up: a day is the sum of its hours, a month the sum of its days, whatever they are
narrowed to.
"""

import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from apps.insights.histogram import NO_BUCKET


class Key(NamedTuple):
    """One cell. Ids are texts, empty where there is none; see `facts` for what each fact means."""

    fact: str
    what: str
    agent: str
    version: str
    action: str
    extra: str
    bucket: int


def key_of(names: Sequence[str], bucket: int) -> Key:
    """The key with these names, in the order of its fields."""
    fact, what, agent, version, action, extra = names
    return Key(fact, what, agent, version, action, extra, bucket)


class Cell(NamedTuple):
    """How often, and the sum of what it adds up (tokens, 10⁻⁸ dollars, cases)."""

    n: int
    total: int


class Tally(dict[Key, Cell]):
    """Cells by key, and, once asked for, by fact."""

    _facts: dict[str, list[tuple[Key, Cell]]] | None = None

    def add(self, cells: Iterable[tuple[Key, Cell]]) -> None:
        """Add cells to those of the same key."""
        self._facts = None
        for key, cell in cells:
            known = self.get(key)
            self[key] = Cell(known.n + cell.n, known.total + cell.total) if known else cell

    def where(self, wanted: Callable[[Key], bool]) -> "Tally":
        """The cells whose key is wanted."""
        return Tally({key: cell for key, cell in self.items() if wanted(key)})

    def pick(self, fact: str, *what: str) -> Iterator[tuple[Key, Cell]]:
        """The cells of a fact; of these kinds of it, if any are named."""
        facts = self._facts
        if facts is None:
            facts = {}
            for key, cell in self.items():
                facts.setdefault(key.fact, []).append((key, cell))
            self._facts = facts  # only when whole: kept tallies are shared by threads
        cells = facts.get(fact, ())
        return ((key, cell) for key, cell in cells if not what or key.what in what)

    def count(self, fact: str, *what: str) -> int:
        """How often it happened."""
        return sum(cell.n for _, cell in self.pick(fact, *what))

    def total(self, fact: str, *what: str) -> int:
        """What it adds up to."""
        return sum(cell.total for _, cell in self.pick(fact, *what))

    def buckets(self, fact: str, *what: str) -> Counter[int]:
        """How often in each bucket of duration."""
        found: Counter[int] = Counter()
        for key, cell in self.pick(fact, *what):
            if key.bucket != NO_BUCKET:
                found[key.bucket] += cell.n
        return found

    def by(self, dimension: str, *facts: str) -> dict[str, "Tally"]:
        """The tally split by a field of its keys; only of these facts, if any are named."""
        place = Key._fields.index(dimension)
        found: dict[str, Tally] = {}
        for key, cell in self.items():
            if not facts or key.fact in facts:
                found.setdefault(str(key[place]), Tally())[key] = cell
        return found


def merge(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    merged = Tally()
    for tally in tallies:
        merged.add(tally.items())
    return merged


def pack(tally: Tally) -> bytes:
    """The tally as bytes."""
    return zlib.compress(json.dumps([[*key, *cell] for key, cell in tally.items()]).encode(), 1)


def unpack(packed: bytes) -> Tally:
    """The tally that was packed."""
    tally = Tally()
    for *names, bucket, n, total in json.loads(zlib.decompress(packed)):
        tally[key_of([sys.intern(name) for name in names], bucket)] = Cell(n, total)
    return tally
