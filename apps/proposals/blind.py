"""Votes that are not to be known yet: who has still to judge is unswayed by who has."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from apps.accounts.models import User
from apps.audit.acting import PERSONAL
from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from apps.proposals.models import Proposal, Review, State

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HIDDEN = "hidden"  # who gave a vote that may not be known yet
TELLING = (Kind.REVIEW_RECORDED, Kind.PROPOSAL_EDITED)  # how somebody judged


def visible_events(events: Sequence[Recorded], user: User | None) -> list[Recorded]:
    """These events as this person may see them; one query if there are votes among them.

    Without a person: as anybody may see them. Of a vote they may not know yet they see that it was
    given (`actor` and `session` "hidden", `fields` only {hidden: true}); of an edit with one what,
    not whose.
    """
    told = [UUID(event.subject_id) for event in events if is_telling(event)]
    unknown = blind_to(told, user) if told else {}
    return [hidden_in(event, unknown) if is_telling(event) else unsigned(event)
            for event in events]  # fmt: skip


def is_telling(event: Recorded) -> bool:
    """Whether it is about a proposal's vote; what is forged may name no proposal at all."""
    return event.kind in TELLING and bool(ID.fullmatch(event.subject_id))


def unsigned(event: Recorded) -> Recorded:
    """The event without whose session a part of the product acted in: perhaps that of a vote."""
    session = event.session or ""
    if event.attested and session.startswith(PERSONAL) and event.actor not in session.split():
        return replace(event, session=HIDDEN)
    return event


def hidden_in(event: Recorded, unknown: Mapping[UUID, Proposal]) -> Recorded:
    """The event without what tells a vote on these proposals as they are now."""
    proposal, fields = unknown.get(UUID(event.subject_id)), event.fields or {}
    if proposal is None:
        return event
    if event.fields is None:  # nobody can say which vote it tells of
        return replace(event, actor=HIDDEN, session=HIDDEN)
    if event.kind == Kind.REVIEW_RECORDED and fields.get("binding") == proposal.binding:
        return replace(event, actor=HIDDEN, session=HIDDEN, fields={HIDDEN: True})
    if event.kind == Kind.PROPOSAL_EDITED and fields.get("revision") == proposal.revision:
        return replace(event, actor=HIDDEN, session=HIDDEN)
    return event


def blind_to(proposal_ids: Iterable[UUID], user: User | None) -> dict[UUID, Proposal]:
    """Those of these proposals whose votes the person may not know yet; binding and revision."""
    rows = Proposal.objects.filter(pk__in=set(proposal_ids), state=State.WAITING)
    if user is not None:
        own = {"proposal": OuterRef("pk"), "binding": OuterRef("binding"), "reviewer": user}
        rows = rows.exclude(Exists(Review.objects.filter(**own)))
    return {proposal.pk: proposal for proposal in rows.only("binding", "revision")}


def secret_votes(user: User) -> list[str]:
    """The ids of the proposals with votes this person may not know yet, as events name them."""
    voted = Review.objects.filter(proposal__state=State.WAITING, binding=F("proposal__binding"))
    ids = blind_to(voted.values_list("proposal_id", flat=True), user)
    return [str(proposal_id) for proposal_id in ids]


def untold_votes(review_ids: Iterable[UUID], user: User) -> set[UUID]:
    """Those of these votes the person may not know before they have given theirs; one query."""
    own = Review.objects.filter(
        proposal=OuterRef("proposal"), binding=OuterRef("binding"), reviewer=user
    )
    current = Review.objects.filter(
        pk__in=list(review_ids), proposal__state=State.WAITING, binding=F("proposal__binding")
    )
    return set(current.exclude(Exists(own)).values_list("pk", flat=True))
