"""Reading the audit log in its order."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Func, OuterRef, Q, Subquery

from apps.audit.acting import attests
from apps.audit.content import fits
from apps.audit.models import Cursor, Entry, Event, Payload


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """An event with its place and content.

    `fields` is None when the content was erased, and when it is `altered`: what is there is not
    what was recorded, so nobody is shown it as if it were.

    It is `attested` when the session which the database knows allows for the actor: else anybody
    who can write to the log may have put it there, in whose name they liked.
    """

    index: int
    id: UUID
    kind: str
    at: datetime
    workspace_id: UUID
    actor: str
    session: str | None = None
    subject_kind: str
    subject_id: str
    run_id: UUID | None
    fields: dict[str, Any] | None
    altered: bool = False
    attested: bool = True


def stream(
    *, workspace_id: UUID, after: int = 0, run_id: UUID | None = None, limit: int = 500
) -> list[Recorded]:
    """Numbered events of a workspace (or of one of its runs) behind `after`, in order."""
    entries = Entry.objects.filter(workspace_id=workspace_id, index__gt=after)
    if run_id is not None:
        entries = entries.filter(run_id=run_id)
    return load(entries.order_by("index").values_list("index", "event_id")[:limit])


def latest(
    *, workspace_id: UUID, before: int | None = None, run_id: UUID | None = None, limit: int = 100
) -> list[Recorded]:
    """The newest numbered events before `before`, newest first."""
    entries = Entry.objects.filter(workspace_id=workspace_id)
    if before is not None:
        entries = entries.filter(index__lt=before)
    if run_id is not None:
        entries = entries.filter(run_id=run_id)
    return load(entries.order_by("-index").values_list("index", "event_id")[:limit])


def was_recorded(
    kind: str,
    *,
    workspace_id: UUID,
    subject_kind: str,
    subject_id: object,
    since: datetime,
    actors: str,
) -> bool:
    """Whether an actor whose name begins with `actors` has done this to the subject since then.

    Of all events, also those of this transaction, which have no number yet.
    """
    about = Event.objects.filter(subject_kind=subject_kind, subject_id=str(subject_id))
    own = about.filter(workspace_id=workspace_id, kind=kind, at__gt=since)
    return own.filter(actor__startswith=actors).exists()


def attested() -> Func:
    """The condition that an event's session allows for its actor, for filters."""
    return Func("actor", "session", function="audit_attested", output_field=BooleanField())


def history(*, subject_kind: str, subject_ids: Iterable[object]) -> list[Recorded]:
    """All numbered events about these subjects, in order."""
    return history_of({subject_kind: subject_ids})


def history_of(
    subjects: Mapping[str, Iterable[object]], *, without: Collection[str] = ()
) -> list[Recorded]:
    """All numbered events about subjects of several kinds (kind to ids), in order; 2 queries.

    `without` are kinds of event that are left out.
    """
    about = Q(pk__in=[])
    for kind, ids in subjects.items():
        about |= Q(subject_kind=kind, subject_id__in=[str(pk) for pk in ids])
    events = Event.objects.filter(about).exclude(kind__in=list(without))
    entries = Entry.objects.filter(event_id__in=events.values("id"))
    return load(entries.order_by("index").values_list("index", "event_id"))


def load(places: Iterable[tuple[int, UUID]]) -> list[Recorded]:
    """The events at these places with their content, in the places' order; one query."""
    places = list(places)
    payload = Payload.objects.filter(event_id=OuterRef("pk"))
    events = Event.objects.annotate(
        content=Subquery(payload.values("fields")), salt=Subquery(payload.values("salt"))
    ).in_bulk([change_id for _, change_id in places])
    return [
        recorded(events[pk], index=index, salt=events[pk].salt, fields=events[pk].content)
        for index, pk in places
    ]


def load_unnumbered(events: Collection[Event]) -> list[Recorded]:
    """The events with their content, numbered or not (their `index` is 0); one query."""
    payloads = Payload.objects.in_bulk([event.pk for event in events])
    found = [(event, payloads.get(event.pk)) for event in events]
    return [
        recorded(event, index=0, salt=payload.salt, fields=payload.fields)
        if payload
        else recorded(event, index=0, salt=None, fields=None)
        for event, payload in found
    ]


def recorded(event: Event, *, index: int, salt: bytes | memoryview | None, fields: Any) -> Recorded:
    """The event with its content, if that fits the digest; `salt` is None once it was erased."""
    # no release has recorded anything but a mapping
    is_ours = isinstance(fields, dict)
    altered = salt is not None and not (
        is_ours and fits(event.payload_digest, salt=salt, fields=fields)
    )
    return Recorded(
        index=index,
        id=event.pk,
        kind=event.kind,
        at=event.at,
        workspace_id=event.workspace_id,
        actor=event.actor,
        session=event.session,
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        run_id=event.run_id,
        fields=None if altered or salt is None else fields,
        altered=altered,
        attested=attests(event.session, event.actor),
    )


def last_index() -> int:
    """The number of the newest entry; 0 when the log is empty."""
    newest = Entry.objects.order_by("-index").values_list("index", flat=True).first()
    return newest or 0


def lag(reader: str) -> int:
    """How many entries `reader` has not followed yet."""
    seen = Cursor.objects.filter(name=reader).values_list("index", flat=True).first() or 0
    return last_index() - seen
