"""Being told to stop."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer, main_thread
from types import FrameType

from aios.embedded.failures import Stopped

SOON = 0.05  # seconds


class Interrupt:
    """Ctrl-C, SIGTERM and SIGHUP: remembered, and raised only where that is safe."""

    def __init__(self) -> None:
        """Listen from now on."""
        self.asked = self.raises = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)
        sys.unraisablehook = self._ask_again

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Where a long step may be cut short, because repeating it is safe."""
        if self.asked:
            raise Stopped
        self.raises = True
        try:
            yield
        finally:
            self.raises = False

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self.raises:
            self.raises = False
            raise Stopped

    def _ask_again(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Say nothing where Python swallows a `Stopped`, as in a finalizer, and raise it anew."""
        if not isinstance(unraisable.exc_value, Stopped):
            sys.__unraisablehook__(unraisable)
            return
        self.raises = True
        main = main_thread().ident
        assert main is not None
        Timer(SOON, signal.pthread_kill, [main, signal.SIGINT]).start()
