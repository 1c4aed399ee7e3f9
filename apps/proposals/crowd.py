"""Which proposals are alike to who looks at them, so that many never push another back. Pure.

A queue is worked from the front. Whoever wants one to be passed over sends many harmless ones
before it; so of those that are alike only `ROOM` at a time stand in the queue's first round, the
next ones in its second, and the odd one comes before these however late it came.

Nor does it help to spread them over sizes, currencies or keys: those of one person (whatever keys
and agents propose in their name) with the same actions and risk are kin, of which `BROAD` stand in
a round. The first of a kind comes earlier, but only so many of those, too.
"""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

ROOM = 20  # of a kind in one round
BROAD = 40  # of one kin in a round, however many kinds they are
KIN = 8  # hexadecimal digits of a kind that name its kin


class Alike(NamedTuple):
    """How many of a kind wait, and the last round one of them stands in."""

    waiting: int
    last: int


def likeness(
    *,
    by: str,
    risk: str,
    actions: Sequence[str],
    rules: Sequence[str],
    amount: Decimal | None,
    currency: str,
    moved: Iterable[float],
    marked: Sequence[str],
) -> str:
    """The kind of a proposal, in 16 hexadecimal digits: the same for those that are alike.

    Alike are those of one proposer with the same actions, stopped by the same rules, of about the
    same size (within a factor of two), with the same marks. The first `KIN` digits are the same
    for all of one proposer with the same actions and risk.
    """
    moves = max(moved, key=abs, default=0.0)
    kin = [by, risk, sorted(actions)]
    told = [*kin, sorted(rules), size(amount or 0), currency, size(moves), marked]
    return digits(kin)[:KIN] + digits(told)[KIN:]


def digits(told: object) -> str:
    """A short name of JSON values: 16 hexadecimal digits."""
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def kin_of(kind: str) -> str:
    """Which kin a kind is of."""
    return kind[:KIN]


def size(value: Decimal | float) -> int:
    """How large a number is, in doublings of one, with its sign."""
    magnitude = math.floor(math.log2(abs(float(value)) + 1))
    return -magnitude if value < 0 else magnitude


def places(kinds: Sequence[str], before: Mapping[str, Alike]) -> list[int]:
    """The round of each newcomer, in their order, behind what waits of its kind and kin already.

    `before` has what waits of every kind of these kin. Never before the last of its kind, so that
    the older one comes first.
    """
    counted = dict(before)
    kin: Counter[str] = Counter()
    different = Counter(kin_of(kind) for kind in before)
    for kind, alike in before.items():
        kin[kin_of(kind)] += alike.waiting
    rounds = []
    for kind in kinds:
        own, alike = kin_of(kind), counted.get(kind, Alike(waiting=0, last=0))
        if kind in counted:
            place = max(alike.waiting // ROOM, kin[own] // BROAD, alike.last)
        else:
            place = different[own] // ROOM
            different[own] += 1
        counted[kind] = Alike(waiting=alike.waiting + 1, last=place)
        kin[own] += 1
        rounds.append(place)
    return rounds
