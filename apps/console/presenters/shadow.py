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
    met = Counter(proposal.verdict for proposal in found)
    order = list(VERDICTS)
    ranked = sorted(found, key=lambda proposal: order.index(proposal.verdict))
    counts = [
        ShadowCount(tone=tone, icon=ICONS[verdict], words=words, count=met[verdict])
        for verdict, (tone, words) in VERDICTS.items()
        if met[verdict]
    ]
    return Shadow(counts=counts, rows=[row(proposal) for proposal in ranked])


def row(proposal: Shadowed) -> ShadowRow:
    """One proposal that was not made."""
    tone, words = VERDICTS[proposal.verdict]
    people = f" ({proposal.reviewers} people)" if proposal.reviewers > 1 else ""
    taken = "Something else about the same record was open, so this would have had to wait."
    return ShadowRow(
        title=proposal.title,
        rationale=proposal.rationale,
        tone=tone,
        icon=ICONS[proposal.verdict],
        verdict=words + people,
        risk=proposal.risk,
        risk_words=Risk(proposal.risk).label,
        amount="" if proposal.amount is None else money(proposal.amount, proposal.currency),
        note=taken if proposal.is_taken else "",
        changes=[change(part, proposal.currency) for part in proposal.changes],
    )


def change(change: ShadowedChange, currency: str) -> ShadowChange:
    """One action in words."""
    return ShadowChange(
        title=spec(change.action).title,
        fields=[difference(field, currency) for field in change.fields],
        rule=change.rule,
        reason=change.reason,
    )
