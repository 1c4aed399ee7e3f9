"""The doorbell: "look at the log". Lost rings cost a sweep, never work.

All rings between two looks are one message. A broker that does not answer is left alone for a
few seconds, so that nobody who approves something waits for it.
"""

import logging
import threading
import time

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

PENDING = "aios:bell"
PENDING_FOR_MS = 2_000
TRACE_CHANNEL = "aios:trace"
LEAVE_ALONE_SECONDS = 5.0

_quiet_until = 0.0
_client: redis.Redis | None = None
_timers: dict[str, threading.Timer] = {}


def client() -> redis.Redis:
    """This process's connection to the broker, with timeouts a web request can bear."""
    global _client  # noqa: PLW0603  (one lazily opened connection pool per process)
    if _client is None:
        _client = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=0.2, socket_timeout=0.5
        )
    return _client


def forget_connection() -> None:
    """Open a new connection at the next ring, for example after a fork."""
    global _client  # noqa: PLW0603
    _client = None


def is_quiet() -> bool:
    """Whether the broker failed a moment ago and is left alone."""
    return time.monotonic() < _quiet_until


def leave_alone() -> None:
    """Do not wait for the broker again for a few seconds."""
    global _quiet_until  # noqa: PLW0603
    _quiet_until = time.monotonic() + LEAVE_ALONE_SECONDS


def ring(task: str = "audit.dispatch") -> None:
    """Wake a worker for `task`, unless it is about to look anyway."""
    if is_quiet():
        return
    try:
        if client().set(f"{PENDING}:{task}", 1, nx=True, px=PENDING_FOR_MS):
            current_app.send_task(task, retry=False, ignore_result=True)
    except (redis.RedisError, OperationalError, OSError) as e:
        leave_alone()
        log.warning("The broker does not answer (%s); the sweeper will pick the work up.", e)


def ring_in(seconds: float, task: str) -> None:
    """Ring after a moment, from this process and lost with it; one ring at a time for each task."""
    if (waiting := _timers.get(task)) is not None and waiting.is_alive():
        return
    timer = _timers[task] = threading.Timer(seconds, ring, [task])
    timer.daemon = True
    timer.start()


def answered(task: str = "audit.dispatch") -> None:
    """Called by a task before it looks: a ring from now on needs a new message."""
    if is_quiet():
        return
    try:
        client().delete(f"{PENDING}:{task}")
    except (redis.RedisError, OSError):
        leave_alone()
        log.debug("The broker does not answer; the ring expires by itself.")


def announce(index: int) -> None:
    """Tell live viewers that the log now reaches up to `index`."""
    if is_quiet():
        return
    try:
        client().publish(TRACE_CHANNEL, index)
    except (redis.RedisError, OSError):
        leave_alone()
        log.debug("The broker does not answer; viewers poll the log.")
