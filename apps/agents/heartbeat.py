"""A sign of life while work is under way: a thread that renews a hold, until the work is done.

The hold itself is short, so that a dead worker's work is taken up soon; the thread keeps it alive
while a model thinks. A frozen process gives no sign either. What hangs is not kept for ever: the
work says how long it may take (`allow`), and after that nothing is renewed.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import Error, connection

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=5)
UNATTENDED = timedelta(seconds=300)  # work that says nothing of itself is not renewed for longer


class Heartbeat:
    """Calls `beat` every so often from a thread of its own, until it gives False or the end.

    `beat` renews the hold on a connection of its own and says whether it is still ours. A beat
    that fails for the database's sake is tried again with the next.
    """

    def __init__(self, beat: Callable[[], bool], *, every: timedelta | None = None) -> None:
        self._beat = beat
        self._every = (every or BEAT).total_seconds()
        self._ended = threading.Event()
        self._until = 0.0
        self._thread = threading.Thread(target=self._go_on, daemon=True, name="heartbeat")
        self.allow(UNATTENDED)

    def allow(self, patience: timedelta) -> None:
        """Go on for at least so long from now."""
        longest = max(patience, UNATTENDED).total_seconds()
        self._until = max(self._until, time.monotonic() + longest)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        began = False
        try:
            while not self._ended.wait(self._every) and time.monotonic() < self._until:
                began = True
                if not self._try():
                    return
        finally:
            if began:
                connection.close()

    def _try(self) -> bool:
        try:
            return self._beat()
        except Error as error:
            log.warning("A sign of life could not be given: %s", error)
            connection.close()
            return True
