"""Ctrl-C while something long runs: it is cut short, even where Python swallows the exception."""

import signal
import sys
import time
from collections.abc import Iterator

import pytest

from aios.embedded.failures import Stopped
from aios.embedded.interrupt import Interrupt

LONG = 60  # seconds
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def interrupt() -> Iterator[Interrupt]:
    """One that listens; what listened before does so again afterwards."""
    before, hook = [signal.getsignal(number) for number in NUMBERS], sys.unraisablehook
    yield Interrupt()
    sys.unraisablehook = hook
    for number, handler in zip(NUMBERS, before, strict=True):
        signal.signal(number, handler)


class Dying:
    """Is told to stop just as it is taken away."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def take_away_and_go_on() -> None:
    """A finalizer is told to stop, and what follows takes long."""
    dying = Dying()
    del dying
    time.sleep(LONG)
    raise AssertionError("It went on.")


def test_a_long_step_is_cut_short(interrupt: Interrupt) -> None:
    """At once where that is safe; else before the next such step."""
    with pytest.raises(Stopped), interrupt.allowed():
        signal.raise_signal(signal.SIGINT)
    assert interrupt.asked
    with pytest.raises(Stopped), interrupt.allowed():
        pytest.fail("it began all the same")


def test_what_a_finalizer_swallows_is_raised_anew(interrupt: Interrupt) -> None:
    """Else the step went on to its end."""
    began = time.monotonic()
    with pytest.raises(Stopped), interrupt.allowed():
        take_away_and_go_on()
    assert time.monotonic() - began < LONG


def test_where_it_is_not_safe_it_is_remembered(interrupt: Interrupt) -> None:
    """Nothing is cut short."""
    signal.raise_signal(signal.SIGTERM)
    assert interrupt.asked
