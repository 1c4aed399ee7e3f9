"""The sweep finishes each kind of work, whatever happens to the others."""

from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

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
