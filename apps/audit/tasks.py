"""The dispatcher: number what is committed, then ring for what the flow table says is next."""

import time

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from apps.audit import bell, operations

DISPATCHER = "dispatcher"
PATIENCE_SECONDS = 1.0  # how long to wait for a transaction that is still open
PAUSE_SECONDS = 0.002
GATHER_SECONDS = 0.01  # after a look that found something: the next one finds more at once


@shared_task(name="audit.dispatch", ignore_result=True)
def dispatch(**_: object) -> None:
    """Follow the log along the flow table until there is nothing new.

    1. Look while the bell still counts as rung: everything that rings meanwhile is absorbed.
    2. Release the bell, then look until nothing is left: a later ring is a new message.
    """
    look()
    bell.answered("audit.dispatch")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (waiting := look()) is not None and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS if waiting else GATHER_SECONDS)


def look() -> bool | None:
    """Number and follow once.

    Returns None when nothing is left, else whether only open transactions are waited for.
    """
    sequenced = operations.sequence()
    followed = operations.follow(DISPATCHER)
    if followed.kinds:
        route(followed)
        return False
    return True if sequenced.waiting else None


def route(followed: operations.Followed) -> None:
    """Ring once for each task that one of these kinds leads to; tell live viewers."""
    flow: dict[str, tuple[str, ...]] = import_string(settings.AUDIT_FLOW)
    bell.announce(followed.index)
    for task in {task for kind in set(followed.kinds) for task in flow.get(kind, ())}:
        bell.ring(task)
