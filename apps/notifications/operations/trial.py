"""A test that a person asks for: it takes the way every notice takes."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.notifications.models import Channel, Notice, NoticeKind, State
from apps.notifications.queries import preference_of

PAUSE = timedelta(seconds=10)  # between two tests of a person


class TooSoon(ValueError):
    """A test is on its way, or came a moment ago. Wait ten seconds before the next."""


class NoWay(ValueError):
    """You have chosen no way to be told. Choose mail or a channel, save, and try again."""


@transaction.atomic
def send_test(*, user: User, workspace_id: UUID, now: datetime) -> int:
    """Queue a test for each place at which the person is told; how many those are.

    Raises `TooSoon`, `NoWay`.
    """
    preference = preference_of(user, workspace_id)
    chosen = list(preference.channels.filter(enabled=True)) if not preference._state.adding else []
    places: list[Channel | None] = [*([None] if preference.by_mail else []), *chosen]
    if not places:
        raise NoWay(NoWay.__doc__)
    require_pause(user, now)
    for channel in places:
        queue(workspace_id, user, channel, now=now)
    return len(places)


@transaction.atomic
def try_channel(*, channel: Channel, user: User, now: datetime) -> None:
    """Queue a test for a channel, asked for by somebody who operates it. Raises `TooSoon`."""
    require_pause(user, now)
    Channel.objects.filter(pk=channel.pk).update(retry_at=None)
    queue(channel.workspace_id, user, channel, now=now)


def require_pause(user: User, now: datetime) -> None:
    """Raise `TooSoon` if the person asked for a test a moment ago; one asks at a time."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    lately = Notice.objects.filter(recipient=user, kind=NoticeKind.TEST, created_at__gt=now - PAUSE)
    if lately.exists():
        raise TooSoon(TooSoon.__doc__)


def queue(workspace_id: UUID, user: User, channel: Channel | None, *, now: datetime) -> None:
    """A test that is due at once."""
    notice = Notice(
        workspace_id=workspace_id,
        recipient=user,
        channel=channel,
        kind=NoticeKind.TEST,
        due_at=now,
        created_at=now,
        state=State.QUEUED,
    )
    notice.key = f"test:{notice.pk}"
    notice.save()
