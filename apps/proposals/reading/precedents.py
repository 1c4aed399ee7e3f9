"""What people decided on near-identical proposals, and what was proposed beside this one.

Near-identical: same playbook, same first action, same rule that decided, and about as large.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.fields.json import KeyTransform

from apps.proposals.models import Change, Proposal, Review, State

WINDOW = 200  # newest proposals of the playbook that are looked through
LISTED = 5
SIBLINGS = 200
NEAR = 2.0  # times as large or as small
SIZES = ("has_change", "change_percent", "has_amount", "total_amount", "amount")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a change is: in percent of a price (`is_percent`), else in money."""

    is_percent: bool
    value: float

    def is_near(self, other: "Size") -> bool:
        """Whether the other is of the same kind and sign, and at most `NEAR` times as large."""
        if self.is_percent != other.is_percent or self.value * other.value < 0:
            return False
        small, large = sorted((abs(self.value), abs(other.value)))
        return small == large or (small > 0 and large / small <= NEAR)


@dataclass(frozen=True, kw_only=True)
class Precedent:
    """A near-identical proposal a person has decided; `edited`: approved, but changed first."""

    proposal_id: UUID
    title: str
    state: State
    size: Size | None
    approved: bool
    edited: bool
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Precedents:
    """The nearest ones, and how many of all near ones among the newest were approved."""

    listed: list[Precedent]
    approved: int
    decided: int


@dataclass(frozen=True, kw_only=True)
class Sibling:
    """A proposal with the same first action from the same run."""

    proposal_id: UUID
    title: str
    size: Size | None


def size_of(facts: Mapping[str, Any]) -> Size | None:
    """How large the change is that a policy saw with these facts; None where nothing tells."""
    if facts.get("has_change"):
        return Size(is_percent=True, value=float(facts.get("change_percent") or 0))
    if facts.get("has_amount"):
        value = facts.get("total_amount") or facts.get("amount") or 0
        return Size(is_percent=False, value=float(value))
    return None


def find(proposal: Proposal, change: Change, *, limit: int = LISTED) -> Precedents:
    """What people decided on proposals like this one, the nearest in size first; one query."""
    decision = change.decision
    if decision is None or not decision.rule:
        return Precedents(listed=[], approved=0, decided=0)
    own = size_of(decision.facts)
    votes = votes_on_the_like(proposal, change, decision.rule)
    last = {row["proposal_id"]: row for row in votes if is_alike(own, size_of(row))}
    found = [precedent(row) for row in last.values()]
    found.sort(key=lambda entry: (distance(own, entry.size), -entry.at.timestamp()))
    return Precedents(
        listed=found[:limit],
        approved=sum(decided.approved for decided in found),
        decided=len(found),
    )


def votes_on_the_like(proposal: Proposal, change: Change, rule: str) -> Any:
    """Votes on the newest proposals of the playbook whose action and rule are these, in order."""
    newest = Proposal.objects.filter(
        workspace_id=proposal.workspace_id, playbook=proposal.playbook
    ).order_by("-pk")
    facts = {name: KeyTransform(name, "proposal__changes__decision__facts") for name in SIZES}
    votes = Review.objects.filter(
        proposal__in=newest.values("pk")[:WINDOW],
        proposal__changes__position=change.position,
        proposal__changes__action=change.action,
        proposal__changes__decision__rule=rule,
    ).exclude(proposal=proposal)
    settled = votes.exclude(proposal__state__in=[State.WAITING, State.EXPIRED])
    named = settled.annotate(title=F("proposal__title"), state=F("proposal__state"), **facts)
    columns = ("proposal_id", "title", "state", "verdict", "edited", "reason", "at", *SIZES)
    return named.order_by("at", "pk").values(*columns)


def is_alike(own: Size | None, other: Size | None) -> bool:
    """Whether two changes are about as large; those whose size nobody knows are alike."""
    if own is None or other is None:
        return own is other
    return own.is_near(other)


def distance(own: Size | None, other: Size | None) -> float:
    """How far apart two sizes are; 0 where there is nothing to compare."""
    return abs(own.value - other.value) if own and other else 0.0


def precedent(row: Mapping[str, Any]) -> Precedent:
    """A proposal with the vote that came last on it."""
    return Precedent(
        proposal_id=row["proposal_id"],
        title=row["title"],
        state=State(row["state"]),
        size=size_of(row),
        approved=row["verdict"] == "approve",
        edited=bool(row["edited"]),
        reason=row["reason"],
        at=row["at"],
    )


def siblings(proposal: Proposal, change: Change) -> list[Sibling]:
    """All proposals of its run with the same action at the same place, it included; one query."""
    if proposal.run_id is None:
        return []
    facts = {name: KeyTransform(name, "decision__facts") for name in SIZES}
    rows = Change.objects.filter(
        proposal__workspace_id=proposal.workspace_id,
        proposal__run_id=proposal.run_id,
        position=change.position,
        action=change.action,
    )
    named = rows.annotate(title=F("proposal__title"), **facts).order_by("proposal_id")
    return [
        Sibling(proposal_id=row["proposal_id"], title=row["title"], size=size_of(row))
        for row in named.values("proposal_id", "title", *SIZES)[:SIBLINGS]
    ]
