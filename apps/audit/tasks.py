"""The dispatcher: number what is committed, then ring for what the flow table says is next."""

import time

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from apps.audit import bell, operations, queries

DISPATCHER = "dispatcher"
PATIENCE_SECONDS = 1.0  # how long to wait for a transaction that is still open
PAUSE_SECONDS = 0.002


@shared_task(name="audit.dispatch", ignore_result=True)
def dispatch(**_: object) -> None:
    """Follow the log along the flow table until there is nothing new.

    1. Drain while the bell still counts as rung: everything that rings meanwhile is absorbed.
    2. Release the bell, then look once more: a later ring is a new message.
    """
    drain()
    bell.answered("audit.dispatch")
    drain()


def drain() -> None:
    """Number and follow events until none is left, waiting a little for open transactions."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        sequenced = operations.sequence()
        if sequenced.numbered or queries.lag(DISPATCHER):
            route(operations.follow(DISPATCHER))
        elif sequenced.waiting and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        else:
            return


def route(kinds: list[str]) -> None:
    """Ring once for each task that one of these kinds leads to; tell live viewers."""
    flow: dict[str, tuple[str, ...]] = import_string(settings.AUDIT_FLOW)
    bell.announce(queries.last_index())
    for task in {task for kind in set(kinds) for task in flow.get(kind, ())}:
        bell.ring(task)
