"""The last look before something is sent: may it still be?

The gateway opens a gate around one attempt; every transport asks at it right before it writes.
Reading before a write may take seconds, in which a kill switch may have been engaged.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Ask = Callable[[], None]

_ask: ContextVar[Ask | None] = ContextVar("ask", default=None)


@contextmanager
def guarded(ask: Ask) -> Iterator[None]:
    """Have every write inside ask first. `ask` raises `Unreachable` to keep it from being sent."""
    token = _ask.set(ask)
    try:
        yield
    finally:
        _ask.reset(token)


def ask_first() -> None:
    """To be called right before a write is sent. Raises what the gateway answers."""
    if (ask := _ask.get()) is not None:
        ask()
