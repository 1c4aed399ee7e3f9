"""From the outbox to the world: take a message, send it outside any transaction, note the end.

A worker that dies in between leaves a lease; after it the same message is sent again under the
same id. So nothing is lost, and a receiver that keeps ids sees nothing twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.audit import failpoints
from apps.gateway.errors import ConnectorError, Refused
from apps.money.display import DEFAULT
from apps.notifications.items import items_of
from apps.notifications.links import preferences as preferences_url
from apps.notifications.models import Channel, ChannelKind, Notice, NoticeKind, State
from apps.notifications.operations.channels import secrets_of
from apps.notifications.operations.outcome import fail, finish, let_rest, put_off
from apps.notifications.queries import pace_of, preference_of, proposals_of
from apps.notifications.relevance import moot
from apps.notifications.timing import after_quiet
from apps.notifications.transports import SENDERS, Message
from apps.proposals.models import Proposal, Risk

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)  # a transport gives up long before
MOST_GATHERED = 500  # notices of one message
SLOW = timedelta(seconds=1)  # of one message; others wait behind it
PATIENCE = timedelta(seconds=8)  # of one call: the sweeper that makes it has more to do

Clock = Callable[[], datetime]


class Unsendable(Exception):
    """A message cannot be made of the notice; the log says why. Others are not held up by it."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A message this worker may send: its first notice, and all that go with it."""

    head: Notice
    notices: list[Notice]


def deliver(*, clock: Clock) -> int:
    """Send what is due, and how many messages that were; ends when its patience does.

    After a mail server that does not answer no further mail is tried in this call.
    """
    begun, count, mails = clock(), 0, True
    while clock() < begun + PATIENCE and (taken := take(now=clock(), mails=mails)):
        failpoints.reach("after_notice_taken")
        began = clock()
        try:
            send(taken, now=began)
            if taken.head.channel and (took := clock() - began) > SLOW:
                let_rest(taken.head.channel, until=clock() + took)
        except ConnectorError as error:
            fail(taken.head, taken.notices, error, now=clock())
            mails = mails and (taken.head.channel is not None or isinstance(error, Refused))
        except Exception as error:
            log.exception("Notice %s cannot be sent", taken.head.pk)
            fail(taken.head, taken.notices, Unsendable(type(error).__name__), now=clock())
        count += 1
    return count


@transaction.atomic
def take(*, now: datetime, mails: bool = True) -> Taken | None:
    """Take the message that is due first, with what else is due for the same place.

    Two workers never take the same row; what was gathered once stays together on every try.
    """
    head = due(now=now, mails=mails).select_for_update(of=("self",), skip_locked=True).first()
    if head is None:
        return None
    if head.attempts == 0 and not is_single(head):
        gather(head, now=now)
    head.attempts += 1
    head.lease_until = now + LEASE
    head.save(update_fields=["attempts", "lease_until"])
    with_it = head.gathered.filter(state=State.QUEUED).select_related("recipient", "channel")
    return Taken(head=head, notices=[head, *with_it.order_by("pk")])


def due(*, now: datetime, mails: bool) -> QuerySet[Notice]:
    """Messages that may be sent now, the one due first in front."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    open_channel = Q(channel=None) | Q(channel__retry_at=None) | Q(channel__retry_at__lte=now)
    rows = Notice.objects.filter(
        free, open_channel, state=State.QUEUED, gathered_in=None, due_at__lte=now
    )
    if not mails:
        rows = rows.exclude(channel=None).exclude(channel__kind=ChannelKind.MAIL)
    return rows.select_related("recipient", "channel", "workspace").order_by("due_at", "pk")


def is_single(head: Notice) -> bool:
    """Whether it goes alone: a program is told one thing at a time."""
    return head.channel is not None and head.channel.kind == ChannelKind.WEBHOOK


def gather(head: Notice, *, now: datetime) -> None:
    """Put what is due for the same place, and has not been tried, into one message with `head`."""
    place = Q(recipient_id=head.recipient_id, channel_id=head.channel_id)
    same = Notice.objects.filter(
        place,
        workspace_id=head.workspace_id,
        state=State.QUEUED,
        gathered_in=None,
        attempts=0,
        due_at__lte=now,
    ).exclude(pk=head.pk)
    others = same.select_for_update(skip_locked=True).order_by("due_at", "pk")
    pks = [notice.pk for notice in others[: MOST_GATHERED - 1]]
    Notice.objects.filter(pk__in=pks).update(gathered_in=head)


def send(taken: Taken, *, now: datetime) -> None:
    """Send what still says something; what does not is dropped. Raises `ConnectorError`."""
    about = [notice.proposal_id for notice in taken.notices if notice.proposal_id]
    proposals = proposals_of(about)
    if (until := quiet_until(taken, proposals, now=now)) > now:
        put_off(taken.head, taken.notices, until)
        return
    over = moot(taken.notices, proposals, now=now)
    left = [notice for notice in taken.notices if notice.pk not in over]
    if left:
        message = compose(taken.head, left, proposals, now=now)
        SENDERS[kind_of(taken.head.channel)](message, now)
        failpoints.reach("after_notice_sent")
    finish(taken.head, left, over, now=now)


def quiet_until(taken: Taken, proposals: dict[UUID, Proposal], *, now: datetime) -> datetime:
    """The end of the recipient's quiet hours, or `now`: they may have begun since it was queued."""
    if taken.head.recipient is None or taken.head.kind == NoticeKind.TEST:
        return now
    preference = preference_of(taken.head.recipient, taken.head.workspace_id)
    risky = {pk for pk, proposal in proposals.items() if proposal.risk == Risk.HIGH}
    pierces = preference.pierces and any(
        notice.kind == NoticeKind.OVERDUE and notice.proposal_id in risky
        for notice in taken.notices
    )
    return now if pierces else after_quiet(now, pace_of(preference))


def kind_of(channel: Channel | None) -> str:
    """The kind of transport; a person without a channel gets mail."""
    return channel.kind if channel else ChannelKind.MAIL


def compose(
    head: Notice, notices: list[Notice], proposals: dict[UUID, Proposal], *, now: datetime
) -> Message:
    """The message for these notices, with what the rows they are about hold now."""
    person, channel = head.recipient, head.channel
    locale = person.locale if person and person.locale else DEFAULT
    return Message(
        id=f"notice_{head.pk.hex}",
        items=tuple(items_of(notices, proposals, locale=locale)),
        place=head.workspace.name,
        address=channel.address if channel else (person.email if person else ""),
        recipient=str(person) if person else "",
        secrets=secrets_of(channel, now=now) if channel else (),
        preferences_url=preferences_url(head.workspace_id) if person else "",
    )


@transaction.atomic
def forget(*, now: datetime, older_than: timedelta = timedelta(days=30), limit: int = 1000) -> int:
    """Delete notices that ended long ago, and how many; the audit log keeps what matters."""
    old = Notice.objects.filter(ended_at__lt=now - older_than).order_by("ended_at")
    gone, _ = Notice.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()
    return gone
