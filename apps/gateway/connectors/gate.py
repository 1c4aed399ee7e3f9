"""The last look before something is sent: may it still be?

The gateway opens a gate around one attempt; every transport asks at it right before it writes.
Reading before a write may take seconds, in which a kill switch may have been engaged. Where no gate
was opened nothing is sent: a thread does not inherit one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

Ask = Callable[[], None]


@dataclass
class Gate:
    """One that is open: who is asked, and whether anything was let pass."""

    ask: Ask
    passed: bool = False


class NoGateOpen(RuntimeError):
    """A connector was to write outside of an attempt of the gateway. Nothing was sent."""


_gate: ContextVar[Gate | None] = ContextVar("gate", default=None)


@contextmanager
def guarded(ask: Ask) -> Iterator[Gate]:
    """Have every write inside ask first. `ask` raises `Unreachable` to keep it from being sent."""
    gate = Gate(ask)
    token = _gate.set(gate)
    try:
        yield gate
    finally:
        _gate.reset(token)


def ask_first() -> None:
    """To be called right before a write is sent. Raises what the gateway answers, `NoGateOpen`."""
    gate = _gate.get()
    if gate is None:
        raise NoGateOpen(NoGateOpen.__doc__)
    gate.ask()
    gate.passed = True


def has_let_pass() -> bool:
    """Whether something may have been sent through the gate that is open here, since `settled`."""
    gate = _gate.get()
    return gate is None or gate.passed


def settled() -> None:
    """What was sent so far is proven: from here on it is asked anew whether anything was."""
    if (gate := _gate.get()) is not None:
        gate.passed = False
