"""How many submissions a web process works on at once: pages and approvals keep their share.

A few are worked on, a bounded number waits a bounded time, all others are turned away at once.
Who was told to come back later is not listened to for the next moment, which costs next to
nothing. Only submissions are kept here: reading and approving is never refused for load.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest, HttpResponse

from apps.api.problems import Problem

AT_ONCE = 3
WAITING = 12
PATIENCE_SECONDS = 2.0
DEAF_SECONDS = 1.0  # what waits is not counted more often anyway
MOST_KNOWN = 10_000
SUBMISSION = re.compile(r"/api/v\d+/proposals/?")


class Door:
    """Lets `at_once` in; `waiting` more may wait for `patience` seconds."""

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._chairs = threading.BoundedSemaphore(waiting)
        self._patience = patience
        self._deaf_until: dict[str, float] = {}

    @contextmanager
    def passed(self, request: HttpRequest) -> Iterator[None]:
        """Hold a place for a submission while it is worked on. Raises `Problem` 429."""
        if not is_submission(request):
            yield
            return
        if self._deaf_until.get(sender(request), 0.0) > time.monotonic() or not self._enter():
            detail = "Too many proposals come in at the same time; nothing was written."
            raise Problem(429, detail, kind="overloaded", headers={"Retry-After": "1"})
        try:
            yield
        finally:
            self._places.release()

    def hear(self, request: HttpRequest, response: HttpResponse) -> None:
        """Remember who was just told that too much waits."""
        overloaded = response.status_code == 429 and b"urn:aios:problem:" in response.content
        if not overloaded or not is_submission(request):
            return
        if len(self._deaf_until) >= MOST_KNOWN:
            self._deaf_until.clear()
        self._deaf_until[sender(request)] = time.monotonic() + DEAF_SECONDS

    def _enter(self) -> bool:
        """Whether there is a place, now or soon."""
        if self._places.acquire(blocking=False):
            return True
        if not self._chairs.acquire(blocking=False):
            return False
        try:
            return self._places.acquire(timeout=self._patience)
        finally:
            self._chairs.release()


def is_submission(request: HttpRequest) -> bool:
    """Whether the request proposes something."""
    return request.method == "POST" and SUBMISSION.fullmatch(request.path_info) is not None


def sender(request: HttpRequest) -> str:
    """Who sends it, as it says itself."""
    return request.headers.get("Authorization", "")
