"""The dispatcher: number what is committed, then ring for what the flow table says is next.

And the canary, whose arrival shows that a worker takes messages.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from celery import Task, shared_task
from celery.signals import worker_ready, worker_shutdown
from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.audit import bell, failpoints, heartbeat, operations

log = logging.getLogger(__name__)

DISPATCHER = "dispatcher"
PATIENCE_SECONDS = 1.0  # how long to wait for a transaction that is still open
PAUSE_SECONDS = 0.002
# The more a look found, the longer more is gathered before the next: one pass for many events.
GATHER_SECONDS = 0.05
MANY = 50  # events after which it waits as long as that


@shared_task(name="audit.dispatch", ignore_result=True)
def dispatch(**_: object) -> None:
    """Follow the log along the flow table until there is nothing new.

    1. Look while the bell still counts as rung: everything that rings meanwhile is absorbed.
    2. Release the bell, then look until nothing is left: a later ring is a new message.
    """
    look()
    bell.answered("audit.dispatch")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (pause := look()) is not None and time.monotonic() < deadline:
        time.sleep(pause)


def look() -> float | None:
    """Number and follow once.

    Returns None when nothing is left, else how many seconds to wait before the next look.
    """
    sequenced = operations.sequence()
    followed = operations.follow(DISPATCHER)
    if followed.kinds:
        failpoints.reach("before_routing")
        route(followed)
        return GATHER_SECONDS * min(len(followed.kinds) / MANY, 1)
    return PAUSE_SECONDS if sequenced.waiting else None


def route(followed: operations.Followed) -> None:
    """Ring once for each task that one of these kinds leads to; tell live viewers."""
    flow: dict[str, tuple[str, ...]] = import_string(settings.AUDIT_FLOW)
    bell.announce(followed.index)
    for task in {task for kind in set(followed.kinds) for task in flow.get(kind, ())}:
        bell.ring(task)


@shared_task(name="audit.heartbeat", bind=True, ignore_result=True)
def canary(self: Task, **_: object) -> None:
    """Write down that the worker which runs this takes messages."""
    heartbeat.record_canary(worker=self.request.hostname, now=timezone.now())


class Node(Protocol):
    """What Celery names as the sender of a worker's signals."""

    hostname: str


@worker_ready.connect
def greet(sender: Node, **_: object) -> None:
    """Have this worker sent canaries from now on."""
    with briefly_connected("greet"):
        heartbeat.greet(worker=sender.hostname, now=timezone.now())


@worker_shutdown.connect
def leave(sender: Node, **_: object) -> None:
    """Have this worker sent no more canaries."""
    with briefly_connected("leave"):
        heartbeat.leave(worker=sender.hostname)


@contextmanager
def briefly_connected(purpose: str) -> Iterator[None]:
    """The worker's parent process keeps no connection: its children would inherit it."""
    try:
        yield
    except DatabaseError as e:
        log.warning("The worker could not %s: %s", purpose, e)
    finally:
        connections.close_all()
