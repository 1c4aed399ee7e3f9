"""Words that speak for an intent, in six languages (`signs.toml`), and those found in a text. Pure.

They are a first opinion and a guard: the desk reads with them and with the labelled examples
(`reading.py`).
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.agents.playbooks.refund_desk.intents import STATED, WANTED, WITH_MONEY, Intent
from apps.agents.playbooks.refund_desk.statements import stated

FILE = Path(__file__).with_suffix(".toml")


def read(file: Path = FILE) -> dict[Intent, tuple[str, ...]]:
    """The signs of each intent as the file has them, all languages together."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        Intent(intent): tuple(sign for signs in by_language.values() for sign in signs)
        for intent, by_language in content.items()
    }


SIGNS = read()
PATTERNS = {
    intent: [re.compile(rf"(?<!\w)(?:{sign})(?!\w)") for sign in signs]
    for intent, signs in SIGNS.items()
}


@dataclass(frozen=True, kw_only=True)
class Signs:
    """The signs of each intent; `unstated` are intents a text only denies, imagines or asks."""

    hits: dict[Intent, list[str]]
    unstated: frozenset[Intent]

    @property
    def intent(self) -> Intent:
        """The most specific intent that has a sign."""
        asked = Intent.QUESTION if self.unstated & STATED else Intent.OTHER
        return next(iter(self.hits), asked)


def look_for(text: str) -> Signs:
    """The signs in a text, those that are not meant apart."""
    folded = text.casefold().replace("’", "'")
    hits: dict[Intent, list[str]] = {}
    unstated = set()
    for intent in SIGNS:
        meant, other = signs_in(folded, intent)
        if meant:
            hits[intent] = meant
        elif other:
            unstated.add(intent)
    return Signs(hits=hits, unstated=frozenset(unstated))


def signs_in(text: str, intent: Intent) -> tuple[list[str], list[str]]:
    """The different pieces of folded text that speak for the intent: (meant, not meant)."""
    meant: list[str] = []
    other: list[str] = []
    for pattern in PATTERNS[intent]:
        for match in pattern.finditer(text):
            is_meant = is_stated(intent, text, match)
            (meant if is_meant else other).append(match.group())
    return list(dict.fromkeys(meant)), list(dict.fromkeys(other))


def is_stated(intent: Intent, text: str, match: re.Match[str]) -> bool:
    """Whether the text means the sign; of questions and thanks that is taken for granted."""
    if intent not in STATED | WANTED:
        return True
    return stated(text, match.start(), match.end(), may_be_asked=intent in WANTED)


def confidence(intent: Intent, hits: dict[Intent, list[str]]) -> float:
    """Surer with two signs than with one, less sure when others speak for something else."""
    if intent not in hits:
        return 0.3
    against = rivals(intent, hits)
    return round((0.95 if len(hits[intent]) > 1 else 0.85) - 0.15 * len(against[:3]), 2)


def rivals(intent: Intent, hits: dict[Intent, list[str]]) -> Sequence[Intent]:
    """The other intents that have signs, but for those that come with this one."""
    expected = {Intent.MONEY_BACK} if intent in WITH_MONEY else set()
    return [other for other in hits if other != intent and other not in expected]
