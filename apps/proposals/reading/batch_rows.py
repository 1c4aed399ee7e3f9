"""Proposals that wait and are alike: what may be approved together. Reads only."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from apps.accounts.models import User
from apps.policies import queries as policies
from apps.proposals.batch_rules import CEILING, Item, outliers, sample
from apps.proposals.models import Change, Proposal, Question, State
from apps.proposals.queries import LONG, opened_among

COMPARED = 500  # similar ones that are looked at to tell what stands out


def chosen(workspace_id: UUID, ids: Sequence[UUID]) -> list[Proposal]:
    """These proposals of the workspace with their changes and decisions, whatever their state."""
    return list(with_changes(Proposal.objects.filter(workspace_id=workspace_id, pk__in=ids)))


def with_changes(rows: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """With changes, their decisions, and whether a question is open (`is_asked`)."""
    changes = Change.objects.select_related("decision").order_by("position")
    asked = Question.objects.filter(proposal=OuterRef("pk"), answered_at__isnull=True)
    return (
        rows.annotate(is_asked=Exists(asked))
        .select_related("claimed_by")
        .prefetch_related(Prefetch("changes", changes))
        .defer(*LONG)
    )


def item_of(proposal: Proposal) -> Item:
    """What matters of a proposal that came with its changes."""
    changes = list(proposal.changes.all())
    facts = [change.decision.facts for change in changes if change.decision]
    moved = [float(f["change_percent"]) for f in facts if f.get("has_change")]
    return Item(
        id=proposal.pk,
        title=proposal.title,
        actions=frozenset(change.action for change in changes),
        rules=frozenset(
            f"{change.decision.version_id}/{change.decision.rule}"
            for change in changes
            if change.decision
        ),
        risk=proposal.risk,
        reviewers=proposal.reviewers,
        amount=proposal.amount,
        currency=proposal.currency,
        change_percent=max(moved, key=abs, default=None),
        confidence=proposal.confidence,
        fields=frozenset(name for change in changes for name in change.params),
        size=sum(len(v) for c in changes for v in c.params.values() if isinstance(v, str)),
        doubts=tuple(doubts_about(proposal)),
    )


def ceiling_for(items: Sequence[Item], workspace_id: UUID, *, now: datetime) -> Decimal | None:
    """How much these may be together, in their one currency; None where no fresh rate says."""
    found = {item.currency for item in items if item.amount is not None and item.currency}
    if len(found) != 1:
        return CEILING
    counted_in = policies.currency_setting(workspace_id).currency
    return policies.convert(
        workspace_id=workspace_id, amount=CEILING, currency=counted_in, to=found.pop(), now=now
    ).amount


def doubts_about(proposal: Proposal) -> list[str]:
    """What a person should see of it alone, whatever the others are like."""
    doubts = []
    if proposal.returned:
        doubts.append("it came back because something had changed")
    if getattr(proposal, "is_asked", False):
        doubts.append("a question about it is open")
    if proposal.pressure:
        doubts.append("a text in it works on who decides")
    return doubts


def left_out(proposals: Sequence[Proposal]) -> dict[UUID, list[str]]:
    """Which of these similar ones stand out, each with the reasons in words."""
    return outliers([item_of(proposal) for proposal in proposals])


def sampled(proposals: Sequence[Proposal], user: User) -> dict[UUID, bool]:
    """Those of a batch the person has to open first, and whether they have, as these are now.

    Drawn of what still waits; the rest is approved by nobody.
    """
    waiting = {
        proposal.pk: proposal.binding for proposal in proposals if proposal.state == State.WAITING
    }
    drawn = sample(waiting, person=user.pk)
    opened = opened_among(drawn, user)
    return {pk: pk in opened for pk in drawn}
