"""Requests an integrator may safely repeat: one effect and one answer for each key.

    begin (committed) -> the effect and `store_answer` in ONE transaction

A crash before that commit leaves no effect: the lease lapses and a repeat takes over. A crash
after it leaves the answer. An attempt that was overtaken finds its row taken and is undone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from uuid_utils.compat import uuid7

from apps.accounts.models import IdempotentRequest, Workspace

KEPT = timedelta(hours=72)
LEASE = timedelta(seconds=60)
PURGE_AT_ONCE = 20


class StillRunning(Exception):
    """The first request with this Idempotency-Key has no answer yet. Repeat it in a moment."""


class KeyReused(Exception):
    """This Idempotency-Key was used for another request. Use a new key for a new request."""


class Overtaken(Exception):
    """A repeat took this request over because it took too long. Nothing was changed; repeat it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered, byte for byte, with the headers that belong to it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A request to be carried out by this attempt, or (`answer`) one that was answered before."""

    request_id: UUID
    attempt: UUID
    answer: Answer | None = None


@transaction.atomic
def begin(*, workspace: Workspace, key: str, fingerprint: str, now: datetime) -> Begun:
    """Take the request on, or find its earlier answer. Raises `StillRunning`, `KeyReused`.

    Must be committed before the effect begins, so that a repeat meanwhile sees it.
    """
    purge(now=now)
    of_key = IdempotentRequest.objects.filter(workspace=workspace, key=key)
    of_key.filter(created_at__lte=now - KEPT).delete()
    fresh = IdempotentRequest(
        workspace=workspace,
        key=key,
        fingerprint=fingerprint,
        attempt=uuid7(),
        lease_until=now + LEASE,
        created_at=now,
    )
    IdempotentRequest.objects.bulk_create([fresh], ignore_conflicts=True)
    row = of_key.select_for_update().get()
    if row.fingerprint != fingerprint:
        raise KeyReused(KeyReused.__doc__)
    if row.status is not None:
        answer = Answer(status=row.status, body=bytes(row.body or b""), headers=row.headers)
        return Begun(request_id=row.pk, attempt=row.attempt, answer=answer)
    if row.pk != fresh.pk:
        take_over(row, attempt=fresh.attempt, now=now)
    return Begun(request_id=row.pk, attempt=fresh.attempt)


def take_over(row: IdempotentRequest, *, attempt: UUID, now: datetime) -> None:
    """Give a locked row to another attempt once its lease has lapsed. Raises `StillRunning`."""
    if row.lease_until > now:
        raise StillRunning(StillRunning.__doc__)
    row.attempt, row.lease_until = attempt, now + LEASE
    row.save(update_fields=["attempt", "lease_until"])


def store_answer(begun: Begun, given: Answer) -> None:
    """Keep the answer, in the transaction of the effect. Raises `Overtaken`: undo the effect."""
    kept = IdempotentRequest.objects.filter(
        pk=begun.request_id, attempt=begun.attempt, status=None
    ).update(status=given.status, body=given.body, headers=given.headers)
    if not kept:
        raise Overtaken(Overtaken.__doc__)


def release(begun: Begun) -> None:
    """Forget a request that had no effect and no lasting answer, so that it may be repeated."""
    IdempotentRequest.objects.filter(
        pk=begun.request_id, attempt=begun.attempt, status=None
    ).delete()


def purge(*, now: datetime) -> None:
    """Delete some requests whose time is over; each new request clears more than it adds."""
    overdue = (
        IdempotentRequest.objects.select_for_update(skip_locked=True)
        .filter(created_at__lte=now - KEPT)
        .order_by("created_at")
        .values_list("pk", flat=True)[:PURGE_AT_ONCE]
    )
    IdempotentRequest.objects.filter(pk__in=list(overdue)).delete()
