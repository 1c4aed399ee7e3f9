"""What a transport is given, and what an HTTP answer means to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.gateway.errors import Away, Refused, Unreachable
from apps.gateway.outbound import Answer
from apps.gateway.retry_after import asked_pause
from apps.notifications.messages import Item

GONE = 410
FOR_GOOD = (400, GONE, 413, 415, 422)
TOO_MANY, AWAY = 429, 503
MINUTE = timedelta(minutes=1)  # that one is left alone which does not say for how long


@dataclass(frozen=True, kw_only=True)
class Message:
    """Notices for one place.

    `id` is the same on every try. `address` is a mail address or a URL; `secrets` are what signs,
    the newest first. `place` is the workspace, `recipient` the person it is meant for, if any.
    """

    id: str
    items: tuple[Item, ...]
    place: str
    address: str
    recipient: str = ""
    secrets: tuple[str, ...] = ()
    preferences_url: str = ""


Send = Callable[[Message, datetime], None]


def judge(answer: Answer, now: datetime) -> None:
    """Nothing for a success; else raise what it means.

    What the receiver cannot read is a no for good, and so is "gone"; all else may be an outage of
    its own, also a 404. A redirect is not followed.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    pause = asked_pause(answer.retry_after, now=now)
    if status == TOO_MANY or (status == AWAY and pause is not None):
        until = now + (MINUTE if pause is None else pause)
        raise Away(f"The receiver is busy (status {status}).", until=until)
    if 300 <= status < 400:
        raise Unreachable(f"The receiver redirects (status {status}); redirects are not followed.")
    if status in FOR_GOOD:
        raise Refused(f"The receiver refuses it (status {status}).", code=str(status))
    raise Unreachable(f"The receiver answers with status {status}.")
