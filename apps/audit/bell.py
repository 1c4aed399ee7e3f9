"""The doorbell: "look at the log". Lost rings cost a sweep, never work.

All rings between two looks are one message. A broker that does not answer is left alone for a
few seconds, so that nobody who approves something waits for it.
"""

import logging
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


def ring(task: str = "audit.dispatch") -> None:
    """Wake a worker for `task`, unless it is about to look anyway."""
    global _quiet_until  # noqa: PLW0603
    if time.monotonic() < _quiet_until:
        return
    try:
        if client().set(f"{PENDING}:{task}", 1, nx=True, px=PENDING_FOR_MS):
            current_app.send_task(task, retry=False, ignore_result=True)
    except (redis.RedisError, OperationalError, OSError) as e:
        _quiet_until = time.monotonic() + LEAVE_ALONE_SECONDS
        log.warning("The broker does not answer (%s); the sweeper will pick the work up.", e)


def answered(task: str = "audit.dispatch") -> None:
    """Called by a task before it looks: a ring from now on needs a new message."""
    try:
        client().delete(f"{PENDING}:{task}")
    except (redis.RedisError, OSError):
        log.debug("The broker does not answer; the ring expires by itself.")


def announce(index: int) -> None:
    """Tell live viewers that the log now reaches up to `index`."""
    try:
        client().publish(TRACE_CHANNEL, index)
    except (redis.RedisError, OSError):
        log.debug("The broker does not answer; viewers poll the log.")
