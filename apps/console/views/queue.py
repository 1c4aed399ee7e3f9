"""Where in the queue a person is, and the list of what waits there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts.models import User
from apps.console.access import Seat
from apps.console.presenters.proposals import amount_of
from apps.insights import queries as insights
from apps.proposals.deadlines import DUE_SOON
from apps.proposals.models import Proposal, Risk, State
from apps.proposals.queries import FOR_A_PERSON
from apps.proposals.reading import queue
from apps.proposals.reading.queue import Split

LISTED = 100  # rows; what stands behind them comes as they go


@dataclass(frozen=True, kw_only=True)
class Place:
    """The split a person works through, how many wait in each, and what comes next in it.

    `is_walked`: they came through the queue, so the next one is shown after a decision.
    """

    split: Split
    counts: Mapping[Split, int]
    next: Proposal | None
    is_walked: bool

    @property
    def left(self) -> int:
        """How many wait in the split."""
        return self.counts[self.split]

    @property
    def query(self) -> str:
        """What keeps the split in an address; empty where nobody walks through one."""
        return f"?split={self.split}" if self.is_walked else ""

    @property
    def next_address(self) -> str:
        """The page of what comes next; empty when nothing does."""
        return self.address(self.next.pk) if self.next else ""

    def address(self, proposal_id: UUID) -> str:
        """The page of a proposal, in this split."""
        return reverse("console:proposal", args=[proposal_id]) + self.query


def read_split(given: Mapping[str, Any]) -> Split | None:
    """The split a request names; None without one that exists."""
    try:
        return Split(str(given.get("split", "")))
    except ValueError:
        return None


def find_place(
    seat: Seat,
    split: Split | None,
    *,
    after: Proposal | None,
    now: datetime,
    just_skipped: bool = False,
) -> Place:
    """The person's place in a split (None: they came from elsewhere); three queries at most.

    `just_skipped`: they go on from where `after` stood before they skipped it.
    """
    inside = split or Split.ALL
    workspace_id = seat.workspace.pk
    following = queue.next_for(
        workspace_id, seat.user, split=inside, after=after, now=now, just_skipped=just_skipped
    )
    return Place(
        split=inside,
        counts=queue.split_counts(workspace_id, seat.user, now=now),
        next=following,
        is_walked=split is not None,
    )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A proposal in the list.

    `holder` is who else decides it now, `is_mine` that the person does; `gone` says why it waits no
    longer. `can_pick`: it may be approved together with others.
    """

    proposal: Proposal
    amount: str
    holder: User | None
    is_mine: bool
    is_late: bool
    is_due_soon: bool
    can_pick: bool
    gone: str


def row_of(proposal: Proposal, user: User, split: Split, *, now: datetime) -> Row:
    """A row as this person sees it."""
    is_open = proposal.state == State.WAITING
    due = proposal.due_at or proposal.expires_at
    holder = holder_of(proposal, now=now)
    gone = why_gone(proposal, split, now=now)
    return Row(
        proposal=proposal,
        amount=amount_of(proposal),
        holder=holder if holder and holder.pk != user.pk else None,
        is_mine=holder is not None and holder.pk == user.pk,
        is_late=is_open and due <= now,
        is_due_soon=is_open and now < due <= now + DUE_SOON,
        can_pick=is_open and not gone and proposal.risk == Risk.LOW and proposal.reviewers < 2,
        gone=gone,
    )


def holder_of(proposal: Proposal, *, now: datetime) -> User | None:
    """Who decides the proposal now, if anybody."""
    return proposal.claimed_by if proposal.claimed_until and proposal.claimed_until > now else None


def why_gone(proposal: Proposal, split: Split, *, now: datetime) -> str:
    """Why it waits no longer in the split; empty while it does."""
    if proposal.state not in FOR_A_PERSON:
        return str(proposal.get_state_display())
    sleeps = proposal.snoozed_until is not None and proposal.snoozed_until > now
    if sleeps and split != Split.SNOOZED:
        return "Snoozed"
    return "Back in the queue" if split == Split.SNOOZED and not sleeps else ""


def listing(seat: Seat, place: Place, *, now: datetime, selected: str = "") -> dict[str, Any]:
    """The context of `console/inbox/list.html`: the rows, the tabs, what the day has brought."""
    found = queue.queue(seat.workspace.pk, seat.user, split=place.split, now=now, limit=LISTED)
    return {
        "place": place,
        "waiting": place.counts[Split.ALL],
        "rows": [row_of(proposal, seat.user, place.split, now=now) for proposal in found],
        "splits": tabs(place),
        "selected": selected,
        "unlisted": max(place.left - LISTED, 0),
        "decided_today": decided_today(seat, now=now),
        "quiet": None if found else quiet_day(seat, now=now),
    }


def tabs(place: Place) -> list[tuple[Split, int]]:
    """The splits with something in them, the one that is shown, and all of it."""
    kept = (Split.ALL, place.split)
    return [(split, n) for split, n in place.counts.items() if n or split in kept]


def midnight(now: datetime) -> datetime:
    """When the day began, UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def decided_today(seat: Seat, *, now: datetime) -> int:
    """How many votes the person has given today."""
    return queue.decided_today(seat.user, seat.workspace.pk, since=midnight(now))


def quiet_day(seat: Seat, *, now: datetime) -> dict[str, Any]:
    """What there is to say when nothing waits: what ran by itself, and what comes back when."""
    rest: QuerySet[Proposal] = queue.open_in(seat.workspace.pk)
    return {
        "today": insights.overview(seat.workspace.pk, since=midnight(now)),
        "sleeping": rest.filter(snoozed_until__gt=now).order_by("snoozed_until").first(),
        "expiring": rest.filter(state=State.WAITING).order_by("expires_at").first(),
        "has_agents": seat.workspace.agents.exists(),
    }
