"""How many requests a key may make: counted in windows, shared by all web processes.

The count lives in Valkey; while it does not answer, each process counts for itself.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.throttling import BaseThrottle

from apps.api.auth import key_of

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60
DEFAULT_LIMIT = 600
LEAVE_ALONE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Where a key stands in the current window."""

    limit: int
    used: int
    reset: int  # seconds until the window ends

    @property
    def exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-11, and `Retry-After`."""
        left = max(self.limit - self.used, 0)
        fields = {
            "RateLimit-Policy": f'"key";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"key";r={left};t={self.reset}',
        }
        return fields | ({"Retry-After": str(self.reset)} if self.exceeded else {})


class Counter:
    """Counts requests of a window: in Valkey, else in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quiet_until = 0.0
        self._client: redis.Redis | None = None
        self._local: dict[str, int] = {}
        self._local_window = -1

    def add(self, name: str, window: int) -> int:
        """Count one more request of `name` in the window; return how many there are now."""
        if self._clock() >= self._quiet_until:
            try:
                return self._add_shared(f"aios:rate:{name}:{window}")
            except (redis.RedisError, OSError) as error:
                self._quiet_until = self._clock() + LEAVE_ALONE_SECONDS
                log.warning("Rate limits are counted per process: %s", error)
        return self._add_local(name, window)

    def _add_shared(self, name: str) -> int:
        if self._client is None:
            self._client = redis.Redis.from_url(
                settings.REDIS_URL, socket_connect_timeout=0.2, socket_timeout=0.2
            )
        pipe = self._client.pipeline(transaction=False)
        pipe.incr(name)
        pipe.expire(name, 2 * WINDOW_SECONDS)
        return int(pipe.execute()[0])

    def _add_local(self, name: str, window: int) -> int:
        if window != self._local_window:
            self._local, self._local_window = {}, window
        self._local[name] = self._local.get(name, 0) + 1
        return self._local[name]


class KeyThrottle(BaseThrottle):
    """Lets each key make `API_REQUESTS_PER_MINUTE` requests a minute."""

    def __init__(self) -> None:
        self._counter = Counter()

    def allow_request(self, request: HttpRequest) -> bool:
        """Count the request and leave the key's rate on it."""
        now = time.time()
        window, into = divmod(int(now), WINDOW_SECONDS)
        rate = Rate(
            limit=getattr(settings, "API_REQUESTS_PER_MINUTE", DEFAULT_LIMIT),
            used=self._counter.add(key_of(request).prefix, window),
            reset=WINDOW_SECONDS - into,
        )
        request.rate = rate  # type: ignore[attr-defined]
        return not rate.exceeded


def tell_rate(request: HttpRequest, response: HttpResponse) -> None:
    """Say in the response where the key stands, if it was counted."""
    rate: Rate | None = getattr(request, "rate", None)
    for name, value in rate.headers().items() if rate else ():
        response[name] = value
