"""A sign of life: given while the work goes on, bounded, and never after it."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import InterfaceError

from apps.agents import heartbeat
from apps.agents.heartbeat import Heartbeat

EVERY = timedelta(milliseconds=20)


def count_until(beats: list[float], wanted: int) -> None:
    """Wait for so many beats, at most two seconds."""
    deadline = time.monotonic() + 2
    while len(beats) < wanted and time.monotonic() < deadline:
        time.sleep(0.005)


def test_it_beats_while_the_work_goes_on_and_not_after() -> None:
    """Its thread has ended when the work has."""
    beats: list[float] = []

    def beat() -> bool:
        beats.append(time.monotonic())
        return True

    with Heartbeat(beat, every=EVERY):
        count_until(beats, 3)
    assert len(beats) >= 3
    ended = len(beats)
    time.sleep(0.1)
    assert len(beats) == ended
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_quick_work_is_done_without_a_beat() -> None:
    """No connection is opened for it."""
    beats: list[float] = []
    with Heartbeat(lambda: bool(beats.append(0.0)) or True):
        pass
    assert beats == []


def test_it_ends_where_the_hold_is_lost() -> None:
    """Nothing is renewed that somebody else has taken."""
    beats: list[float] = []

    def lost() -> bool:
        beats.append(0.0)
        return False

    with Heartbeat(lost, every=EVERY):
        count_until(beats, 1)
        time.sleep(0.1)
    assert len(beats) == 1


def test_a_database_that_hiccups_is_asked_again() -> None:
    """One beat that fails does not stop the next."""
    beats: list[float] = []

    def beat() -> bool:
        beats.append(0.0)
        if len(beats) == 1:
            raise InterfaceError("connection already closed")
        return True

    with Heartbeat(beat, every=EVERY):
        count_until(beats, 3)
    assert len(beats) >= 3


def test_what_hangs_is_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the work has said that it takes so long."""
    monkeypatch.setattr(heartbeat, "UNATTENDED", timedelta(milliseconds=100))
    beats: list[float] = []
    with Heartbeat(lambda: bool(beats.append(0.0)) or True, every=EVERY):
        time.sleep(0.3)
        at_the_end = len(beats)
        time.sleep(0.1)
    assert 0 < len(beats) == at_the_end
    beats.clear()
    with Heartbeat(lambda: bool(beats.append(0.0)) or True, every=EVERY) as heart:
        heart.allow(timedelta(seconds=5))
        time.sleep(0.3)
        assert len(beats) > 7


def test_work_that_fails_ends_it_too() -> None:
    """Whatever is raised goes on to whoever waits for it."""
    with pytest.raises(RuntimeError, match="it broke"), Heartbeat(lambda: True, every=EVERY):
        raise RuntimeError("it broke")
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]
