"""The queue people work through: its splits, its order, what comes next. Reads only."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.proposals.deadlines import DUE_SOON
from apps.proposals.models import Change, Proposal, Review, Risk, Skip, State
from apps.proposals.queries import FOR_A_PERSON, LONG, RANK
from apps.proposals.reading.batch_rows import COMPARED, with_changes


class Split(StrEnum):
    """A part of the queue."""

    ALL = "all"
    MINE = "mine"
    UNCLAIMED = "unclaimed"
    HIGH = "high"
    DUE = "due"
    SNOOZED = "snoozed"

    @property
    def label(self) -> str:
        """What a person reads."""
        return LABELS[self]


LABELS = {
    Split.ALL: "All",
    Split.MINE: "Mine",
    Split.UNCLAIMED: "Unclaimed",
    Split.HIGH: "High risk",
    Split.DUE: "Due soon",
    Split.SNOOZED: "Snoozed",
}
DEADLINE = Coalesce("due_at", "expires_at")
SEVERITY = Case(*(When(risk=risk, then=Value(rank)) for risk, rank in RANK.items()))


def queue(
    workspace_id: UUID, user: User, *, split: Split = Split.ALL, now: datetime, limit: int = 100
) -> list[Proposal]:
    """What waits for a person: by rounds of those alike, risk, deadline; mine skipped at the end.

    Each knows who holds it (`claimed_by`, until `claimed_until`); long texts are not read.
    """
    rows = ordered(waiting(workspace_id, user, split, now=now), user)
    return list(rows.select_related("claimed_by").defer(*LONG)[:limit])


def split_counts(workspace_id: UUID, user: User, *, now: datetime) -> dict[Split, int]:
    """How many proposals each split has; one statement."""
    counted = {split.value: Count("pk", filter=condition(split, user, now=now)) for split in Split}
    found = open_in(workspace_id).aggregate(**counted)
    return {split: found[split.value] for split in Split}


def count(workspace_id: UUID, *, now: datetime) -> int:
    """How many proposals wait for a person, without the snoozed ones."""
    return open_in(workspace_id).filter(awake(now)).count()


def next_for(
    workspace_id: UUID,
    user: User,
    *,
    split: Split,
    after: Proposal | None,
    now: datetime,
    just_skipped: bool = False,
) -> Proposal | None:
    """The next one this person can take, behind `after` in the order, else from the start.

    Passes over `after` itself, what others hold, what they caused, and what they have voted on.
    With `just_skipped` they go on from where it stood before; two queries at most.
    """
    rows = takeable(waiting(workspace_id, user, split, now=now), user, now=now)
    rows = ordered(rows, user).select_related("claimed_by").defer(*LONG)
    if after is None:
        return rows.first()
    others = rows.exclude(pk=after.pk)
    behind = behind_unskipped(after) if just_skipped else behind_own(after, user)
    return others.filter(behind).first() or others.first()


def recent(user: User, workspace_id: UUID, *, limit: int = 10) -> list[Review]:
    """The person's own last votes with their proposals, newest first."""
    mine = Review.objects.filter(reviewer=user, workspace_id=workspace_id)
    return list(mine.select_related("proposal").order_by("-at")[:limit])


def decided_today(user: User, workspace_id: UUID, *, since: datetime) -> int:
    """How many votes the person has given since then."""
    return Review.objects.filter(reviewer=user, workspace_id=workspace_id, at__gte=since).count()


def similar_waiting(proposal: Proposal, *, limit: int = COMPARED) -> list[Proposal]:
    """What waits with the same action, decided by the same rule, low risk and one person to ask.

    In the order it was proposed, itself included; empty where the proposal is not of that kind.
    Each comes with its changes, so that `item_of` asks nothing more.
    """
    kinds = set(proposal.changes.values_list("action", "decision__version", "decision__rule"))
    if proposal.risk != Risk.LOW or proposal.reviewers > 1 or len(kinds) != 1:
        return []
    [(action, version, rule)] = kinds
    kind = {"action": action, "decision__version": version, "decision__rule": rule}
    own = Change.objects.filter(proposal=OuterRef("pk"))
    same, others = own.filter(**kind), own.exclude(**kind)
    rows = Proposal.objects.filter(
        Exists(same), ~Exists(others), workspace_id=proposal.workspace_id, state=State.WAITING,
        risk=Risk.LOW, reviewers__lte=1, currency=proposal.currency, snoozed_until__isnull=True,
    ).order_by("pk")  # fmt: skip
    return list(with_changes(rows)[:limit])


def open_in(workspace_id: UUID) -> QuerySet[Proposal]:
    """All that waits for a person, snoozed or not (the partial index `proposal_for_a_person`)."""
    return Proposal.objects.filter(workspace_id=workspace_id, state__in=FOR_A_PERSON)


def waiting(workspace_id: UUID, user: User, split: Split, *, now: datetime) -> QuerySet[Proposal]:
    """The rows of a split, in no order."""
    return open_in(workspace_id).filter(condition(split, user, now=now))


def condition(split: Split, user: User, *, now: datetime) -> Q:
    """What belongs to a split."""
    held = Q(claimed_until__gt=now)
    also = {
        Split.ALL: Q(),
        Split.MINE: held & Q(claimed_by=user),
        Split.UNCLAIMED: ~held | Q(claimed_until__isnull=True),
        Split.HIGH: Q(risk=Risk.HIGH),
        Split.DUE: Q(due_at__lte=now + DUE_SOON),
    }
    return ~awake(now) if split == Split.SNOOZED else awake(now) & also[split]


def awake(now: datetime) -> Q:
    """Not snoozed, or no longer."""
    return Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)


def ordered(rows: QuerySet[Proposal], user: User) -> QuerySet[Proposal]:
    """In the person's order; `skipped_at`, `crowd`, `rank` and `deadline` say where each stands.

    A round holds some of each kind, so that many alike never push another one back.
    """
    own = FilteredRelation("skips", condition=Q(skips__user=user))
    placed = rows.annotate(
        own_skip=own, skipped_at=F("own_skip__at"), rank=SEVERITY, deadline=DEADLINE
    )
    return placed.order_by(F("skipped_at").asc(nulls_first=True), "crowd", "rank", "deadline", "pk")


def behind_place(after: Proposal) -> Q:
    """What stands behind a proposal by round, risk, deadline and age, wherever that one is now."""
    rank, deadline = RANK[Risk(after.risk)], after.due_at or after.expires_at
    return Q(crowd__gt=after.crowd) | (
        Q(crowd=after.crowd)
        & (
            Q(rank__gt=rank)
            | Q(rank=rank, deadline__gt=deadline)
            | Q(rank=rank, deadline=deadline, pk__gt=after.pk)
        )
    )


def behind_unskipped(after: Proposal) -> Q:
    """What stands behind a proposal that is not skipped: the skipped ones do all together."""
    return Q(skipped_at__isnull=False) | behind_place(after)


def behind_own(after: Proposal, user: User) -> Q:
    """What stands behind a proposal in the person's own order, whether they skipped it or not."""
    own = Skip.objects.filter(proposal=after, user=user)
    later = Q(skipped_at__gt=Subquery(own.values("at")[:1]))  # never where it is not skipped
    return later | (~Q(Exists(own)) & behind_unskipped(after))


def takeable(rows: QuerySet[Proposal], user: User, *, now: datetime) -> QuerySet[Proposal]:
    """Without what others hold, what the person caused, and what they have judged as it is."""
    theirs = Q(claimed_until__gt=now) & ~Q(claimed_by=user)
    voted = Review.objects.filter(
        proposal=OuterRef("pk"), reviewer=user, binding=OuterRef("binding")
    )
    return (
        rows.exclude(theirs)
        .exclude(Q(submitted_by=user.actor) | Q(on_behalf_of=user.actor))
        .exclude(Q(reviewers__gt=1) & Q(Exists(voted)))
    )
