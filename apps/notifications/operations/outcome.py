"""The end of one try: sent, put off, to be tried again, or given up and shown."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.audit.events.connectors import NoticeFailed
from apps.audit.operations import record
from apps.gateway.errors import Away, Refused
from apps.notifications.models import Channel, Notice, State
from apps.notifications.operations.channels import note
from apps.notifications.transports.base import GONE

BY = "system"
FIRST_PAUSE = timedelta(seconds=5)  # doubles with every try
LONGEST_PAUSE = timedelta(minutes=30)
MOST_ATTEMPTS = 20  # about six hours
OLDEST = timedelta(hours=72)  # as long as a proposal waits


def holds(head: Notice) -> bool:
    """Whether this worker still has the message: lock it, and see that nobody else took it."""
    rows = Notice.objects.select_for_update().filter(
        pk=head.pk, state=State.QUEUED, attempts=head.attempts
    )
    return rows.first() is not None


@transaction.atomic
def finish(
    head: Notice, sent: Sequence[Notice], dropped: Collection[UUID], *, now: datetime
) -> None:
    """The message was handed over, without what had become moot."""
    if not holds(head):
        return
    done = {"ended_at": now, "lease_until": None, "error": ""}
    Notice.objects.filter(pk__in=[n.pk for n in sent]).update(state=State.SENT, **done)
    Notice.objects.filter(pk__in=dropped).update(state=State.DROPPED, **done)
    if head.channel_id and sent:
        Channel.objects.filter(pk=head.channel_id).update(
            failures=0, retry_at=None, last_success_at=now
        )


def let_rest(channel: Channel, *, until: datetime) -> None:
    """Leave a receiver that is slow alone for a while: it has no more than its share of us."""
    Channel.objects.filter(pk=channel.pk, retry_at=None).update(retry_at=until)


@transaction.atomic
def put_off(head: Notice, notices: Sequence[Notice], until: datetime) -> None:
    """Send it later, as if it had not been tried; what came meanwhile may go along."""
    if holds(head):
        pks = [notice.pk for notice in notices]
        Notice.objects.filter(pk__in=pks).update(
            due_at=until, lease_until=None, attempts=0, gathered_in=None
        )


@transaction.atomic
def fail(head: Notice, notices: Sequence[Notice], error: Exception, *, now: datetime) -> None:
    """It was not handed over: try again after a pause that doubles, or give up and say so.

    What the receiver put off itself is no try; only its age ends that.
    """
    if not holds(head):
        return
    text = str(error).replace("\0", " ")[:300]
    if head.channel:
        note_failure(head.channel, error, text, now=now)
        if isinstance(error, Refused) and error.code == str(GONE):
            switch_off(head.channel, now=now)
    is_young, again = head.created_at > now - OLDEST, until(error, head.attempts, now)
    if isinstance(error, Away) and is_young:
        put_off(head, notices, again)
        Notice.objects.filter(pk=head.pk).update(error=text)
        return
    given_up = isinstance(error, Refused) or head.attempts >= MOST_ATTEMPTS
    if not given_up and is_young:
        Notice.objects.filter(pk=head.pk).update(due_at=again, lease_until=None, error=text)
        return
    pks = [notice.pk for notice in notices]
    Notice.objects.filter(pk__in=pks).update(
        state=State.FAILED, ended_at=now, lease_until=None, error=text
    )
    record(
        NoticeFailed(channel=str(head.channel or "mail"), notices=len(notices), error=text),
        workspace_id=head.workspace_id,
        actor=BY,
        subject_kind="notice",
        subject_id=head.pk,
        now=now,
    )


def until(error: Exception, attempts: int, now: datetime) -> datetime:
    """When to try again: as the receiver says, else after a pause that doubles."""
    if isinstance(error, Away):
        return max(error.until, now + FIRST_PAUSE)
    return now + min(FIRST_PAUSE * (1 << min(attempts - 1, 16)), LONGEST_PAUSE)


def switch_off(channel: Channel, *, now: datetime) -> None:
    """Tell a receiver that says it is gone nothing more, as the specification asks."""
    if Channel.objects.filter(pk=channel.pk, enabled=True).update(enabled=False):
        note(channel, {"enabled": True}, {"enabled": False}, rotated=False, by=BY, now=now)


def note_failure(channel: Channel, error: Exception, text: str, *, now: datetime) -> None:
    """Show why, and leave the channel alone: the longer, the more has failed in a row."""
    Channel.objects.filter(pk=channel.pk).update(
        failures=F("failures") + 1,
        retry_at=until(error, channel.failures + 1, now),
        last_error=text,
        last_error_at=now,
    )
