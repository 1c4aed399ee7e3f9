"""`manage.py heartbeat` says what works, and its exit code is a health check."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.audit import heartbeat
from apps.audit.health import DEAF_AFTER, Part
from apps.audit.models import Pulse

pytestmark = pytest.mark.django_db

NODE = "aios@here"


@pytest.fixture
def well() -> None:
    """A broker, a sweeper and a worker that do their part."""
    now = timezone.now()
    for part in (Part.BROKER, Part.SWEEPER):
        Pulse.objects.create(name=part, part=part, since=now, seen_at=now, busy_at=now)
    heartbeat.greet(worker=NODE, now=now)
    heartbeat.record_canary(worker=NODE, now=now - timedelta(seconds=3))


@pytest.mark.usefixtures("well")
def test_all_parts_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With the age of the last pulse."""
    call_command("heartbeat")
    said = capsys.readouterr().out
    assert "broker: well" in said
    assert "sweeper: well" in said
    assert f"{NODE}: well (last heartbeat 3." in said


@pytest.mark.usefixtures("well")
def test_a_deaf_worker_fails_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    call_command("heartbeat", worker=NODE)
    Pulse.objects.filter(name=NODE).update(missed=DEAF_AFTER)
    with pytest.raises(CommandError, match="Not every part works"):
        call_command("heartbeat")
    with pytest.raises(CommandError, match=f"{NODE} takes no messages. Restart it."):
        call_command("heartbeat", worker=NODE)
    assert f"{NODE}: deaf" in capsys.readouterr().out


@pytest.mark.usefixtures("well")
def test_a_worker_is_not_blamed_for_the_broker() -> None:
    """Restarting it would help nobody."""
    Pulse.objects.filter(name=NODE).update(missed=DEAF_AFTER)
    Pulse.objects.filter(name=Part.BROKER).update(missed=1)
    call_command("heartbeat", worker=NODE)


def test_a_worker_that_never_became_ready_fails_the_check() -> None:
    """Nor is anything well before the first beat."""
    with pytest.raises(CommandError, match="has not said that it is ready"):
        call_command("heartbeat", worker=NODE)
    with pytest.raises(CommandError, match="Not every part works"):
        call_command("heartbeat")
