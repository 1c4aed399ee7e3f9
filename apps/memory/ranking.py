"""Which memories count most: pure.

score = relevance x recency x trust

relevance  reciprocal rank fusion over the lists an item was found in (exact subject, meaning,
           words): sum of weight / (K + rank), scaled so that rank 1 in every list is 1.
           Ranks, not cosines, because cosines of different embedding models do not compare.
recency    0.5 + 0.5 x 0.5 ^ (age / half-life of the type): old knowledge fades to half of its
           weight, and never below.
trust      by type and by who said it: a person's correction 1.0, an agent's note 0.5.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

Key = TypeVar("Key")

K = 10  # small, because the lists are short: the first ranks must stand out
WEIGHTS = {"subject": 2.0, "meaning": 1.0, "words": 0.5}

HALF_LIFE = {
    "fact": timedelta(days=180),
    "preference": timedelta(days=365),
    "correction": timedelta(days=365),
    "episode": timedelta(days=60),
    "artefact": timedelta(days=90),
}
TYPE_TRUST = {
    "correction": 1.0,
    "preference": 0.9,
    "fact": 0.9,
    "artefact": 0.8,
    "episode": 0.8,
}
NOT_A_PERSON = 0.6

# Words of four letters and more that say nothing about the matter (English, German, French)
_EMPTY = (
    "that this with from have been will your were they them what when where which would could "
    "about there their please hello dear thanks thank nicht auch aber eine einen einem einer ihre "
    "ihren mein meine meinen dass habe haben hatte wird werden kann bitte hallo sehr wurde sind "
    "noch nach oder wenn dies diese dieser dans avec pour mais vous nous votre notre cette sont "
    "elle elles mon mes suis avez bonjour merci plus tout"
)
EMPTY_WORDS = frozenset(_EMPTY.split())


@dataclass(frozen=True, kw_only=True)
class Candidate(Generic[Key]):
    """What ranking must know of an item besides the lists it is in."""

    key: Key
    type: str
    by: str
    created_at: datetime


def trust(*, kind: str, by: str) -> float:
    """How far to believe an item of this type said by this actor, 0 to 1."""
    person = by.startswith(("user:", "key:"))
    return TYPE_TRUST.get(kind, 0.5) * (1.0 if person else NOT_A_PERSON)


def recency(*, kind: str, age: timedelta) -> float:
    """How much an item of this age still counts, 0.5 to 1."""
    half_lives = max(age, timedelta(0)) / HALF_LIFE.get(kind, timedelta(days=90))
    return 0.5 + 0.5 * float(0.5**half_lives)


def relevance(ranks: Mapping[str, int]) -> float:
    """Fused rank of an item found at `ranks` (list name -> position from 1), 0 to 1."""
    best = sum(WEIGHTS.values()) / (K + 1)
    return sum(WEIGHTS[name] / (K + rank) for name, rank in ranks.items()) / best


def rank(
    candidates: Sequence[Candidate[Key]], lists: Mapping[str, Sequence[Key]], *, now: datetime
) -> list[tuple[Key, float]]:
    """Keys with scores, best first; ties go to the newer item.

    `lists` holds keys in order under `subject`, `meaning` and `words`.
    """
    positions = {
        name: {key: place for place, key in enumerate(keys, start=1)}
        for name, keys in lists.items()
    }
    scored = [
        (
            candidate,
            relevance(
                {
                    name: places[candidate.key]
                    for name, places in positions.items()
                    if candidate.key in places
                }
            )
            * recency(kind=candidate.type, age=now - candidate.created_at)
            * trust(kind=candidate.type, by=candidate.by),
        )
        for candidate in candidates
    ]
    scored.sort(key=lambda pair: (pair[1], pair[0].created_at), reverse=True)
    return [(candidate.key, round(score, 4)) for candidate, score in scored]


def terms(text: str, *, limit: int = 24) -> list[str]:
    """The words worth looking up literally: of four letters and more, or with a digit."""
    words = dict.fromkeys(re.findall(r"\w+", text.lower()))
    telling = [
        word
        for word in words
        if word not in EMPTY_WORDS
        and (len(word) >= 4 or (len(word) >= 2 and any(letter.isdigit() for letter in word)))
    ]
    return telling[:limit]
