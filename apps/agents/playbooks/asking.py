"""A reviewer's question to an agent, and how rules read it. Pure.

Rules understand a few wishes in English, German and French: another amount, a share of it. What
they do not understand they do not guess: they explain what the proposal rests on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from apps.money.currency import is_currency, round_to
from apps.money.typed import Ambiguous, NotAnAmount, parse, parse_number
from apps.proposals.changes import FieldDiff, diff
from apps.proposals.text.provenance import leaves

SHOWN = 300  # characters of one piece of evidence in an answer
NEAR = 40  # characters before a number in which a word may point at it
TELLING = 4  # letters from which on a word says what a question is about

ASKED_FOR = re.compile(
    r"\b(refund|give|make|set|only|just|instead|change|lower|raise|reduce|increase|cut|propose|"
    r"could|can|please|what about|how about|try|use|rather|write|answer|"
    r"bitte|nur|statt|stattdessen|könn\w*|kann\w*|änder\w*|setz\w*|senk\w*|erhöh\w*|erstatt\w*|"
    r"lieber|wie wäre|schreib\w*|antworte\w*|"
    r"plutôt|seulement|pouvez|peux|peut-on|chang\w*|mett\w*|baiss\w*|augment\w*|rembours\w*|"
    r"propos\w*|s'il|écri\w*|répond\w*)\b",
    re.IGNORECASE,
)
ASKED_WHY = re.compile(
    r"^\W*(why|how (?!about)|what (?!about)|where|which|who|when|is|are|was|were|did|does|"
    r"warum|wieso|weshalb|wie (?!wäre)|wo|woher|welche\w*|wer|wann|ist|sind|"
    r"pourquoi|comment|où|d'où|quel\w*|qui|quand|est-ce)\b",
    re.IGNORECASE,
)
EXPLAIN = re.compile(
    r"\b(explain|why|reason|erklär\w*|warum|wieso|weshalb|begründ\w*|expliqu\w*|pourquoi|raison)\b",
    re.IGNORECASE,
)
SYMBOLS = "€$£¥₩₫₹₺"
CODES = r"EUR|USD|GBP|CHF|(?-i:[A-Z]{3})"  # the most frequent ones in any case
SUM = re.compile(
    rf"(?P<ahead>[{SYMBOLS}]\s*|\b(?:{CODES})\s+)?"
    r"(?<![\w#.,])(?P<number>\d+(?:[ \u00a0\u202f\u2009'’]\d{3})*(?:[.,]\d+)*)"
    r"(?P<behind>\s*(?:%|percent\b|per cent\b|prozent\b|pour ?cent\b|"
    rf"[{SYMBOLS}]|euros?\b|(?:{CODES})\b))?(?![\w])",
    re.IGNORECASE,
)
POINTING = re.compile(
    r"\b(to|only|just|at|be|it|about|instead|refund|give|auf|nur|zu|mit|wäre|à|seulement|de|"
    r"plutôt)\s*:?\s*$",
    re.IGNORECASE,
)
HALF = re.compile(r"\b(half|halve|hälfte|halb\w*|moitié)\b", re.IGNORECASE)
PERCENT = ("%", "percent", "per cent", "prozent", "pour cent", "pourcent")


@dataclass(frozen=True, kw_only=True)
class AskedChange:
    """A change a question is about.

    `before` is its target as the proposal saw it, `now` as it was read for the answer; `verdict`,
    `rule` and `reason` are the policy's.
    """

    id: UUID
    action: str
    target: str
    params: dict[str, Any]
    before: dict[str, Any]
    now: dict[str, Any]
    verdict: str
    rule: str
    reason: str

    def moved(self) -> list[FieldDiff]:
        """What has changed at the target since it was proposed."""
        return diff(self.before, self.now)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with all that an answer may rest on."""

    text: str
    title: str
    rationale: str
    evidence: Sequence[Mapping[str, Any]]
    case: Mapping[str, Any]
    changes: tuple[AskedChange, ...]

    def find(self, action: str) -> AskedChange | None:
        """The change of this action, if there is one."""
        return next((change for change in self.changes if change.action == action), None)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; `changes` are other parameters by change, `sources` those of their texts."""

    text: str
    changes: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)
    sources: Mapping[UUID, list[list[int]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """An amount, or a share in percent, a reviewer asks for."""

    value: Decimal
    is_share: bool


def wish_of(text: str, *, known: Decimal, currency: str = "") -> Wish | None:
    """What a question asks to be changed to; None if it asks for nothing, or for several things.

    `known` is the amount proposed: `10 instead of 20` asks for 10. Raises `Ambiguous` where the sum
    can be read in two ways, `NotAnAmount` where the currency does not have it or it is in another.
    """
    if not wants_change(text):
        return None
    found = set()
    for said in said_in(text):
        try:
            wish = said.meant(currency)
        except Ambiguous as error:
            if known in error.readings:
                continue
            raise
        if wish.is_share or wish.value != known:
            found.add(wish)
    if HALF.search(text):
        found.add(Wish(value=Decimal(50), is_share=True))
    return found.pop() if len(found) == 1 else None


def wants_change(text: str) -> bool:
    """Whether a question asks for something else rather than for an explanation."""
    asks_why = ASKED_WHY.search(text) or EXPLAIN.search(text)
    return bool(ASKED_FOR.search(text)) and not asks_why


@dataclass(frozen=True)
class Said:
    """A sum as a text has it: the number, and what stands beside it (`€`, `EUR`, `%`, nothing)."""

    number: str
    unit: str

    def meant(self, currency: str = "") -> Wish:
        """The wish it is, in the currency if one is given. Raises `Ambiguous`, `NotAnAmount`."""
        if self.unit.casefold() in PERCENT:
            return Wish(value=self.percentage(), is_share=True)
        if not currency:
            return Wish(value=parse_number(self.number), is_share=False)
        return Wish(value=parse(f"{self.number} {self.unit}", currency=currency), is_share=False)

    def percentage(self) -> Decimal:
        """The number as a share: of two readings that which is no more than all."""
        try:
            return parse_number(self.number)
        except Ambiguous as error:
            shares = [reading for reading in error.readings if reading <= 100]
            if len(shares) == 1:
                return shares[0]
            raise


def said_in(text: str) -> Iterator[Said]:
    """The amounts and shares a text names; a bare number only where a word points at it."""
    for match in SUM.finditer(text):
        unit = unit_of((match["ahead"] or match["behind"] or "").strip())
        ahead = max(match.start() - NEAR, 0)
        pointed = POINTING.search(text, ahead, match.start()) or re.search(
            r"[.,]\d\d$", match["number"]
        )
        if unit or pointed:
            yield Said(match["number"], unit)


def unit_of(word: str) -> str:
    """A currency or a percentage; empty for a word in capitals that is neither."""
    is_code = word.isascii() and word.isalpha() and len(word) == 3
    return "" if is_code and not is_currency(word.upper()) else word


def sums_in(text: str, *, currency: str = "") -> list[Wish]:
    """The amounts and shares a text names and which can be read in one way only."""
    wishes = []
    for said in said_in(text):
        try:
            wishes.append(said.meant(currency))
        except NotAnAmount:
            continue
    return wishes


def names_sum(text: str, amount: Decimal, *, currency: str = "") -> bool:
    """Whether somebody who reads the text may find this amount in it, in one of its readings."""
    for said in said_in(text):
        found: tuple[Decimal, ...]
        try:
            found = (said.meant(currency).value,)
        except Ambiguous as error:
            found = error.readings
        except NotAnAmount:
            continue
        if amount in found:
            return True
    return False


def amount_of(wish: Wish, *, of: Decimal, currency: str = "") -> Decimal:
    """The amount wished for; a share of `of` to the digits of the currency, else to those of `of`.

    A half is rounded up.
    """
    if not wish.is_share:
        return wish.value
    share = of * wish.value / 100
    return round_to(share, currency) if currency else share.quantize(of, ROUND_HALF_UP)


def explain(asked: Asked) -> str:
    """Why it was proposed, what policy says, what it was read from, and what moved since."""
    parts = [asked.rationale.strip()]
    for change in asked.changes:
        rule = f"rule “{change.rule}”" if change.rule else "no rule matched"
        parts.append(f"Policy on {change.action.replace('_', ' ')}: {change.reason} ({rule}).")
    read = relevant(asked)
    if read:
        parts.append("It rests on:\n" + "\n".join(f"– {entry}" for entry in map(cite, read)))
    return "\n\n".join(part for part in [*parts, since(asked)] if part)


def since(asked: Asked) -> str:
    """What has changed in the outside world since it was proposed, in words."""
    moved = [diff for change in asked.changes for diff in change.moved()]
    if not moved:
        return "I have looked again just now: nothing has changed since I proposed it."
    told = "; ".join(f"{diff.path} was {diff.before}, is {diff.after}" for diff in moved)
    return f"I have looked again just now, and it has changed since I proposed it: {told}."


def relevant(asked: Asked) -> list[Mapping[str, Any]]:
    """The evidence that shares a telling word with the question; all of it where none does.

    Our own texts are no reason for anything.
    """
    wanted = telling(asked.text)
    reasons = [exhibit for exhibit in asked.evidence if exhibit.get("kind") != "text"]
    hits = [reason for reason in reasons if wanted & telling(" ".join(leaves(reason)))]
    return hits or reasons


def telling(text: str) -> set[str]:
    """The longer words of a text, without case."""
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) >= TELLING}


def cite(entry: Mapping[str, Any]) -> str:
    """A piece of evidence in a line."""
    detail = entry.get("detail")
    if isinstance(detail, Mapping):
        single = {k: v for k, v in detail.items() if isinstance(v, (str, int, float))}
        detail = ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in single.items())
    text = f"{entry.get('title', '')}: {detail}" if detail else str(entry.get("title", ""))
    plain = " ".join(text.split())
    return plain if len(plain) <= SHOWN else plain[:SHOWN].rstrip() + "…"
