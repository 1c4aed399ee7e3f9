"""Being told to stop."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from aios.embedded.failures import Stopped


class Interrupt:
    """Ctrl-C, SIGTERM and SIGHUP: remembered, and raised only where that is safe."""

    def __init__(self) -> None:
        """Listen from now on."""
        self.asked = self.raises = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)
        sys.unraisablehook = pass_over_stopped

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


def pass_over_stopped(unraisable: "sys.UnraisableHookArgs") -> None:
    """Say nothing where Python swallows a `Stopped`, as in a finalizer: it is remembered anyway."""
    if not isinstance(unraisable.exc_value, Stopped):
        sys.__unraisablehook__(unraisable)
