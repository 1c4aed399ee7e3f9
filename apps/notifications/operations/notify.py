"""From the log to the outbox: what happened becomes rows; nothing is sent here."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.audit import failpoints
from apps.audit import operations as audit
from apps.audit.models import Entry
from apps.audit.queries import Recorded, load
from apps.notifications.models import URGENT, Channel, Notice, NoticeKind
from apps.notifications.queries import (
    Member,
    is_risky_enough,
    members,
    pace_of,
    proposals_of,
)
from apps.notifications.routing import ROUTERS, Matter, Telling, route
from apps.notifications.timing import when
from apps.proposals.models import Change, Proposal, Question, Review, Risk

READER = "notifications"
FRESH = timedelta(hours=24)  # what is older nobody is told of: a log read late is no news
BATCH = 500  # entries of one look


@transaction.atomic
def notify(*, now: datetime, limit: int = BATCH) -> int:
    """Turn what the log holds behind our cursor into notices; how many entries were read.

    The cursor moves in the transaction that writes them, so each event is told once.
    """
    before = audit.hold(READER).index
    followed = audit.follow(READER, limit=limit)
    if set(followed.kinds) & set(ROUTERS):
        events = read_between(before, followed.index)
        fresh = [event for event in events if event.at > now - FRESH]
        write(build(fresh, now=now))
    failpoints.reach("before_notices")
    return len(followed.kinds)


def read_between(after: int, upto: int) -> list[Recorded]:
    """The events of (after, upto] somebody may be told of, in order."""
    rows = Entry.objects.filter(index__gt=after, index__lte=upto, kind__in=list(ROUTERS))
    return load(rows.order_by("index").values_list("index", "event_id"))


def write(notices: Sequence[Notice]) -> None:
    """Put them into the outbox; what is there already stays as it is."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True, batch_size=500)


def build(events: Sequence[Recorded], *, now: datetime) -> list[Notice]:
    """The rows for these events, workspace by workspace."""
    by_workspace: dict[UUID, list[Matter]] = defaultdict(list)
    for matter in matters(events):
        by_workspace[matter.event.workspace_id].append(matter)
    return [
        notice
        for workspace_id, own in by_workspace.items()
        for notice in in_workspace(workspace_id, own, now=now)
    ]


def in_workspace(workspace_id: UUID, own: Sequence[Matter], *, now: datetime) -> Iterator[Notice]:
    """The rows for what happened in one workspace."""
    people = members(workspace_id)
    channels = list(Channel.objects.filter(workspace_id=workspace_id, enabled=True))
    for matter in own:
        for telling in route(matter, people):
            yield from address(matter, telling, channels, now=now)


def matters(events: Sequence[Recorded]) -> Iterator[Matter]:
    """The events with their proposals; a handful of statements for all of them."""
    change_ids = [pk for pk in map(change_of, events) if pk]
    owners = dict(Change.objects.filter(pk__in=change_ids).values_list("pk", "proposal_id"))
    about = {event.id: proposal_id_of(event, owners) for event in events}
    proposals = proposals_of([pk for pk in about.values() if pk])
    approvers, askers = approvers_of(proposals.values()), askers_of(events)
    for event in events:
        proposal_id = about[event.id]
        proposal = proposals.get(proposal_id) if proposal_id else None
        yield Matter(
            event=event,
            proposal=proposal,
            changes=list(proposal.changes.all()) if proposal else (),
            approvers=approvers.get(proposal.pk, frozenset()) if proposal else frozenset(),
            asker=askers.get(question_of(event)),
        )


def change_of(event: Recorded) -> UUID | None:
    """The change an event about an execution names."""
    named = (event.fields or {}).get("change") if event.subject_kind == "execution" else None
    return UUID(named) if isinstance(named, str) else None


def proposal_id_of(event: Recorded, owners: dict[UUID, UUID]) -> UUID | None:
    """The proposal an event is about, directly or through its change."""
    if event.subject_kind == "proposal":
        return UUID(event.subject_id)
    change = change_of(event)
    return owners.get(change) if change else None


def question_of(event: Recorded) -> str:
    """The question an event names; empty where it names none."""
    named = (event.fields or {}).get("question")
    return named if isinstance(named, str) else ""


def askers_of(events: Sequence[Recorded]) -> dict[str, UUID]:
    """Who asked the questions these events name."""
    wanted = [question_id for question_id in map(question_of, events) if question_id]
    rows = Question.objects.filter(pk__in=wanted) if wanted else Question.objects.none()
    return {str(pk): asked_by for pk, asked_by in rows.values_list("pk", "asked_by_id")}


def approvers_of(proposals: Iterable[Proposal]) -> dict[UUID, frozenset[UUID]]:
    """Who approved each of these proposals."""
    wanted = [proposal.pk for proposal in proposals]
    rows = Review.objects.filter(proposal_id__in=wanted, verdict="approve")
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for proposal_id, reviewer_id in rows.values_list("proposal_id", "reviewer_id"):
        found[proposal_id].add(reviewer_id)
    return {proposal_id: frozenset(people) for proposal_id, people in found.items()}


def address(
    matter: Matter, telling: Telling, channels: Sequence[Channel], *, now: datetime
) -> Iterator[Notice]:
    """A row for each place: where the person wants it, or the channels that listen for all."""
    risk = matter.proposal.risk if matter.proposal else None
    member = telling.member
    if member is None:
        for channel in channels:
            listens = telling.kind in channel.kinds
            if listens and is_risky_enough(risk, channel.minimum_risk):
                yield row(matter, telling, channel=channel, due_at=telling.at, now=now)
        return
    if not member.wants(telling.kind, risk):
        return
    due_at = plan(member, telling, risk)
    if member.preference.by_mail:
        yield row(matter, telling, member=member, due_at=due_at, now=now)
    for channel in member.channels:
        yield row(matter, telling, member=member, channel=channel, due_at=due_at, now=now)


def plan(member: Member, telling: Telling, risk: str | None) -> datetime:
    """When this person is told."""
    preference = member.preference
    pierces = preference.pierces and telling.kind == NoticeKind.OVERDUE and risk == Risk.HIGH
    urgent = telling.kind in URGENT
    return when(telling.at, pace_of(preference), urgent=urgent, pierces=pierces)


def row(
    matter: Matter,
    telling: Telling,
    *,
    due_at: datetime,
    now: datetime,
    member: Member | None = None,
    channel: Channel | None = None,
) -> Notice:
    """One row of the outbox; its key is the same however often the log is read."""
    place = f"{member.user.pk if member else ''}:{channel.pk if channel else ''}"
    key = f"{telling.once or matter.event.id}:{telling.kind}:{place}"
    return Notice(
        workspace_id=matter.event.workspace_id,
        recipient=member.user if member else None,
        channel=channel,
        kind=telling.kind,
        proposal=matter.proposal,
        subject_id=telling.subject_id,
        detail=telling.detail[:300],
        key=hashlib.sha256(key.encode()).hexdigest(),
        due_at=due_at,
        created_at=now,
    )
