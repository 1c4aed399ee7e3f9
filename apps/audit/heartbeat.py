"""Liveness that consumes: canaries through the broker to each worker, sent beside the sweeps.

A worker can run, and even answer a ping, while it takes no messages: after a reconnect, on a half
dead connection, or frozen. So the sweeper sends each worker a task through a queue of its own, by
the same connection as its work, and the worker's child process writes down that it came.
"""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

import redis
from celery import current_app
from celery.utils.nodenames import worker_direct
from django.db.models import F, QuerySet
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from kombu.messaging import Producer

from apps.audit.health import (
    DEAF_AFTER,
    FORGOTTEN_AFTER,
    SUSPECT_AFTER,
    Health,
    Part,
    Signs,
    judge,
)
from apps.audit.models import Pulse

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0  # between two beats
# Workers find the way back to a broker that was away: the client's checks take up to 51 s
RETURN = timedelta(seconds=60)
ANSWER_SECONDS = 1.5  # how long a suspect may take to answer a question
# A broker that is frozen must not hold up the beat
IMPATIENT = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0, "max_retries": 1,
             "interval_start": 0, "interval_step": 0, "interval_max": 0}  # fmt: skip
AWAY = (redis.RedisError, OperationalError, OSError)


def greet(*, worker: str, now: datetime) -> None:
    """A worker has become ready; whatever its name's predecessor missed is forgotten."""
    fresh = {"part": Part.WORKER, "since": now, "sent_at": None, "seen_at": None,
             "busy_at": None, "missed": 0, "taken": None}  # fmt: skip
    Pulse.objects.update_or_create(name=worker, defaults=fresh)


def leave(*, worker: str) -> None:
    """A worker ends in good order; nobody need look for it."""
    Pulse.objects.filter(name=worker, part=Part.WORKER).delete()


def record_canary(*, worker: str, now: datetime) -> None:
    """A canary came through to one of the worker's processes."""
    Pulse.objects.filter(name=worker, part=Part.WORKER).update(
        seen_at=now, sent_at=None, busy_at=None, missed=0, taken=None
    )


def report(*, now: datetime) -> Health:
    """How all parts are. Raises `DatabaseError`."""
    columns = ("name", "part", "since", "seen_at", "busy_at", "missed", "taken")
    return judge([Signs(**row) for row in Pulse.objects.values(*columns)], now=now)


def beat(*, moved_at: datetime, now: datetime) -> None:
    """Show that the sweeper lives, and send each worker a canary.

    1. `moved_at` is when the sweeper last got on with its round.
    2. Without a broker nothing is held against a worker; nor while it may still be reconnecting.
    3. A worker that has left several canaries unanswered is asked whether it is merely busy.
    """
    Pulse.objects.update_or_create(
        name=Part.SWEEPER,
        defaults={"part": Part.SWEEPER, "seen_at": moved_at, "busy_at": now},
        create_defaults={"part": Part.SWEEPER, "since": now, "seen_at": moved_at, "busy_at": now},
    )
    try:
        with current_app.connection_for_write(transport_options=IMPATIENT) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
            call(broker, now=now)
            question(broker, now=now)
    except AWAY as e:
        if miss_broker(now=now) == 1:
            log.warning("The broker takes no canary (%s); the sweeper does the work.", e)


def call(broker: Connection, *, now: datetime) -> None:
    """Send each worker a canary in place of the last one, and count those left unanswered."""
    back = meet_broker(now=now)
    unanswered = workers().filter(sent_at__isnull=False)
    if now < back + RETURN:
        # one that has become ready since has no way back to find
        unanswered = unanswered.filter(since__gte=back)
    unanswered.update(missed=F("missed") + 1)
    for worker in workers():
        queue = worker_direct(worker.name)
        queue(broker.default_channel).purge()
        if worker.missed >= FORGOTTEN_AFTER:
            log.warning("The worker %s ended without saying so; it is forgotten.", worker.name)
            worker.delete()
            continue
        Pulse.objects.filter(name=worker.name).update(sent_at=now)
        current_app.send_task("audit.heartbeat", queue=queue, connection=broker, retry=False,
                              ignore_result=True)  # fmt: skip


def question(broker: Connection, *, now: datetime) -> None:
    """Ask the suspects what they do: a worker whose processes all have work is not deaf."""
    suspects = {worker.name: worker for worker in workers().filter(missed__gte=SUSPECT_AFTER)}
    if not suspects:
        return
    stats = ask("stats", list(suspects), broker)
    active = ask("active", list(stats), broker)
    for name, worker in suspects.items():
        taken = sum(stats[name]["total"].values()) if name in stats else None
        changed: dict[str, Any] = {"taken": taken}
        if is_busy(worker.taken, taken, stats.get(name, {}), len(active.get(name, ()))):
            changed |= {"missed": 0, "busy_at": now}
        elif worker.missed == DEAF_AFTER:
            log.error("The worker %s takes no messages.", name)
        Pulse.objects.filter(name=name, missed__gt=0).update(**changed)


class Once(Producer):
    """Publishes or fails: Celery's own producers for questions would wait for a broker for ever."""

    def publish(self, *args: Any, **options: Any) -> Any:
        """Publish without a second try."""
        options["retry"] = False
        return super().publish(*args, **options)  # type: ignore[no-untyped-call]

    def acquire(self) -> AbstractContextManager["Once"]:
        """Itself, to one who expects a pool of producers."""
        return nullcontext(self)


def ask(what: str, names: list[str], broker: Connection) -> dict[str, Any]:
    """What Celery's `inspect` says about these workers; those who do not answer are left out."""
    if not names:
        return {}
    mailbox = current_app.control.mailbox(broker)
    producer = Once(broker.default_channel, auto_declare=False)  # type: ignore[no-untyped-call]
    mailbox.producer_pool = producer
    replies = mailbox.call(names, what, timeout=ANSWER_SECONDS)
    return {name: answer for reply in replies for name, answer in reply.items()}


def is_busy(
    taken_before: int | None, taken: int | None, stats: Mapping[str, Any], active: int
) -> bool:
    """Whether a worker has work in all its processes, or has taken tasks since last asked."""
    if taken is None:
        return False
    processes = stats.get("pool", {}).get("max-concurrency", 1)
    return active >= processes or (taken_before is not None and taken != taken_before)


def meet_broker(*, now: datetime) -> datetime:
    """The broker answers; returns since when it does."""
    broker, made = Pulse.objects.get_or_create(
        name=Part.BROKER,
        # nobody saw it come back
        defaults={"part": Part.BROKER, "since": now - RETURN, "seen_at": now},
    )
    if broker.missed:
        log.warning("The broker is back.")
        broker.since, broker.missed = now, 0
    broker.seen_at = now
    if not made:
        broker.save(update_fields=["since", "missed", "seen_at"])
    return broker.since


def miss_broker(*, now: datetime) -> int:
    """The broker took no canary: what workers have not answered may never have reached them.

    Returns how many it has not taken in a row.
    """
    broker, _ = Pulse.objects.get_or_create(
        name=Part.BROKER, defaults={"part": Part.BROKER, "since": now}
    )
    broker.missed += 1
    broker.save(update_fields=["missed"])
    workers().update(sent_at=None, missed=0, taken=None)
    return broker.missed


def workers() -> QuerySet[Pulse]:
    """The workers that said they were ready."""
    return Pulse.objects.filter(part=Part.WORKER).order_by("name")
