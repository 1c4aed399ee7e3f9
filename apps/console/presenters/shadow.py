"""What an agent in shadow would have proposed, and what policy would have said, in words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from apps.agents.queries import Shadowed, ShadowedChange
from apps.console.presenters.proposals import Difference, difference
from apps.console.presenters.values import money
from apps.gateway.catalogue import spec
from apps.proposals.models import Risk

# tone and words, in the order in which people read them
VERDICTS = {
    "review": ("warn", "Would wait for a person"),
    "deny": ("bad", "Would be denied"),
    "allow": ("good", "Would be done at once"),
}
ICONS = {"review": "person", "deny": "deny", "allow": "check"}


@dataclass(frozen=True, kw_only=True)
class ShadowCount:
    """How many would have met this verdict."""

    tone: str
    icon: str
    words: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ShadowChange:
    """One action: its name, the fields that would have changed, and the rule that spoke of it."""

    title: str
    fields: list[Difference]
    rule: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ShadowRow:
    """One proposal that was not made; `note` says what else would have mattered."""

    title: str
    rationale: str
    tone: str
    icon: str
    verdict: str
    risk: str
    risk_words: str
    amount: str
    note: str
    changes: list[ShadowChange]


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """A run in shadow as a page shows it."""

    counts: list[ShadowCount]
    rows: list[ShadowRow]


def show_shadow(found: Sequence[Shadowed]) -> Shadow | None:
    """What was tried, what people would see first at the top; None if nothing was."""
    if not found:
        return None
    met = Counter(one.verdict for one in found)
    order = list(VERDICTS)
    ranked = sorted(found, key=lambda one: order.index(one.verdict))
    counts = [
        ShadowCount(tone=tone, icon=ICONS[verdict], words=words, count=met[verdict])
        for verdict, (tone, words) in VERDICTS.items()
        if met[verdict]
    ]
    return Shadow(counts=counts, rows=[row(one) for one in ranked])


def row(one: Shadowed) -> ShadowRow:
    """One proposal that was not made."""
    tone, words = VERDICTS[one.verdict]
    people = f" ({one.reviewers} people)" if one.reviewers > 1 else ""
    taken = "Something else about the same record was open, so this would have had to wait."
    return ShadowRow(
        title=one.title,
        rationale=one.rationale,
        tone=tone,
        icon=ICONS[one.verdict],
        verdict=words + people,
        risk=one.risk,
        risk_words=Risk(one.risk).label,
        amount="" if one.amount is None else money(one.amount, one.currency),
        note=taken if one.is_taken else "",
        changes=[change(part, one.currency) for part in one.changes],
    )


def change(one: ShadowedChange, currency: str) -> ShadowChange:
    """One action in words."""
    return ShadowChange(
        title=spec(one.action).title,
        fields=[difference(field, currency) for field in one.fields],
        rule=one.rule,
        reason=one.reason,
    )
