"""What reviewers' corrections of similar cases mean for this one. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.agents.playbooks import base
from apps.agents.playbooks.base import Known
from apps.agents.playbooks.calibration import READ, RULES
from apps.policies.facts import number

MOST = Decimal(2)  # a correction never more than doubles an amount
# What a reviewer asked for in the reason of a rejection -> the reply that does it
WISHES = {
    "ask_photo": re.compile(
        r"photo|picture|image|proof|evidence|foto|bild|beleg|nachweis|preuve", re.IGNORECASE
    ),
    "return_first": re.compile(
        r"return|send (it )?back|zurück|rücksend|retour|renvo[iy]", re.IGNORECASE
    ),
}


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """The correction that applies best, and why it does."""

    correction: Known
    why: str

    @property
    def refused(self) -> bool:
        """Whether the reviewer said no to the similar case."""
        return base.rejected(self.correction)

    @property
    def reason(self) -> str:
        """The reviewer's own words."""
        return base.reason(self.correction)

    @property
    def ratio(self) -> Decimal:
        """How a reviewer changed the amount of the similar case; 1 if they did not."""
        before, after = (number(x) for x in base.edited(self.correction, "amount") or ("", ""))
        if not before or after is None:
            return Decimal(1)
        return min(after / before, MOST)

    @property
    def wish(self) -> str:
        """The kind of reply the reviewer asked for; a holding one when they did not say."""
        return next((kind for kind, words in WISHES.items() if words.search(self.reason)), "hold")


def lesson_of(
    corrections: Sequence[Known], *, intent: str, skus: Sequence[str], by_rules: bool = True
) -> Lesson | None:
    """The correction of the most similar case: same reason to write, best of the same article.

    `corrections` come newest first. Another reason to write is another kind of case. What only a
    model took for this kind of case teaches the rules nothing (`by_rules`: they are who reads now).
    """
    same = [
        known
        for known in corrections
        if base.case_of(known).get("intent") == intent and not (by_rules and misread(known, intent))
    ]
    for correction in same:
        theirs = base.case_of(correction).get("skus")
        shared = set(skus) & set(theirs if isinstance(theirs, list) else [])
        if shared:
            why = f"same reason to write ({intent}), same article ({', '.join(sorted(shared))})"
            return Lesson(correction=correction, why=why)
    if same:
        return Lesson(correction=same[0], why=f"same reason to write ({intent})")
    return None


def misread(correction: Known, intent: str) -> bool:
    """Whether the rules had read the case as something else and a model was followed."""
    read = base.case_of(correction).get(READ)
    return isinstance(read, dict) and read.get("by") == "model" and read.get(RULES) != intent
