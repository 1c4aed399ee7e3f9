"""Which proposals are alike to who looks at them, so that many never push another back. Pure.

A queue is worked from the front. Whoever wants one to be passed over sends many harmless ones
before it; so of those that are alike only `ROOM` at a time stand in the queue's first round, the
next ones in its second, and the odd one comes before these however late it came.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

ROOM = 20  # of a kind in one round


class Alike(NamedTuple):
    """How many of a kind wait, and the last round one of them stands in."""

    waiting: int
    last: int


def likeness(
    *,
    by: str,
    actions: Sequence[str],
    rules: Sequence[str],
    amount: Decimal | None,
    currency: str,
    moved: Iterable[float],
    marked: Sequence[str],
) -> str:
    """The kind of a proposal, in 16 hexadecimal digits: the same for those that are alike.

    Alike are those of one proposer with the same actions, stopped by the same rules, of about the
    same size (within a factor of two), with the same marks.
    """
    moves = max(moved, key=abs, default=0.0)
    told = [by, sorted(actions), sorted(rules), size(amount or 0), currency, size(moves), marked]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def size(value: Decimal | float) -> int:
    """How large a number is, in doublings of one, with its sign."""
    magnitude = math.floor(math.log2(abs(float(value)) + 1))
    return -magnitude if value < 0 else magnitude


def places(kinds: Sequence[str], before: Mapping[str, Alike]) -> list[int]:
    """The round of each newcomer, in their order, behind what waits of its kind already.

    Never before the last of its kind, so that the older one comes first.
    """
    counted = dict(before)
    rounds = []
    for kind in kinds:
        alike = counted.get(kind, Alike(waiting=0, last=0))
        place = max(alike.waiting // ROOM, alike.last)
        counted[kind] = Alike(waiting=alike.waiting + 1, last=place)
        rounds.append(place)
    return rounds
