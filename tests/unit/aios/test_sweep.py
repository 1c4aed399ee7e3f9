"""The sweep finishes each kind of work, whatever happens to the others."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from aios.management.commands.sweep import Heart
from apps.audit import heartbeat

ran: list[str] = []
TASKS = tuple(f"{__name__}.{name}" for name in ("first", "broken", "last"))


def first() -> None:
    """A task that works."""
    ran.append("first")


def broken() -> None:
    """A task that does not."""
    raise ValueError("the shop answered nonsense")


def last() -> None:
    """A task after the broken one."""
    ran.append("last")


@pytest.mark.django_db
def test_a_failing_task_is_logged_and_the_others_run(
    settings: Settings, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """One round, with a mark afterwards for the health check."""
    settings.AUDIT_SWEEP = f"{__name__}.TASKS"
    ran.clear()
    call_command("sweep", "--once", "--alive", str(tmp_path / "alive"))
    assert ran == ["first", "last"]
    assert "broken failed" in caplog.text
    assert "the shop answered nonsense" in caplog.text
    assert (tmp_path / "alive").exists()


def test_the_heart_beats_while_a_task_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells when the sweep last got on; a beat that fails is followed by another."""
    beats: list[datetime] = []

    def beat(*, moved_at: datetime, now: datetime) -> None:
        beats.append(moved_at)
        if len(beats) == 1:
            raise ValueError("the first beat fails")

    monkeypatch.setattr(heartbeat, "beat", beat)
    heart = Heart(0.02)
    heart.start()
    time.sleep(0.3)  # a long task
    heart.move()
    time.sleep(0.1)
    heart.ended.set()
    heart.join(5)
    assert not heart.is_alive()
    assert len(beats) > 3
    assert beats[1] == beats[0] < beats[-1]
