"""The broker is a doorbell: killed, emptied, frozen or gone, no approval is lost, all are executed.

A worker and a sweeper of the product act on the test's database. The control leaves the sweeper
out and must show work that is left undone, or the harness could not see a loss.
"""

import os
import random
import threading
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.utils import timezone

from aios.embedded.ports import find_free
from apps.audit import bell
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from tests.factories.proposals import propose
from tests.reliability.parts import WORKER, Broker, broker, running, sweeper

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

SWEEP_SECONDS = 1.0
SWEEPS = 2  # within so many a lost message must not matter any more
CI_HITS = 9


@pytest.fixture
def port(monkeypatch) -> Iterator[int]:
    """The broker's port, also for this process' own rings and messages."""
    port = find_free()
    monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setattr(bell, "_client", None)
    monkeypatch.setattr(bell, "_quiet_until", 0.0)
    current_app._after_fork()  # forgets the connections to the session's broker
    yield port
    current_app._after_fork()


def environment(port: int) -> dict[str, str]:
    """The test's database and broker, for processes of the product."""
    database = connection.settings_dict
    query = f"host={database['HOST']}" + (f"&port={database['PORT']}" if database["PORT"] else "")
    user, password = database["USER"], database["PASSWORD"]
    return os.environ | {
        "DATABASE_URL": f"postgresql://{user}:{password}@/{database['NAME']}?{query}",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
    }


class Rounds:
    """When the sweeper ended a round, read off the file it touches."""

    def __init__(self, alive: Path) -> None:
        self._alive = alive
        self.ends: list[float] = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch while the block runs."""
        stop = threading.Event()
        watcher = threading.Thread(target=self._watch, args=[stop])
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()

    def between(self, began: datetime, ended: datetime) -> int:
        """How many rounds ended between these moments."""
        return bisect(self.ends, ended.timestamp()) - bisect(self.ends, began.timestamp())

    def longest(self) -> float:
        """The longest time from one end to the next, in seconds."""
        return max((b - a for a, b in zip(self.ends, self.ends[1:], strict=False)), default=0.0)

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(0.01):
            end = self._alive.stat().st_mtime if self._alive.exists() else 0.0
            if end and (not self.ends or end > self.ends[-1]):
                self.ends.append(end)


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


def hits_of(server: Broker, chance: random.Random) -> dict[str, Callable[[], None]]:
    """What can happen to the broker; each leaves it up again."""

    def kill() -> None:
        server.kill()
        time.sleep(chance.uniform(0, 0.5))
        server.start()

    def freeze() -> None:
        server.freeze()
        time.sleep(chance.uniform(0.1, 2))
        server.thaw()

    return {"killed": kill, "flushed": server.flush, "frozen": freeze}


@pytest.mark.parametrize("fate", ["stopped and back", "frozen", "gone for ever"])
def test_no_approval_is_lost_without_the_broker(
    cast, policy, connector, workspace, port, say, fate, request
):
    """Approvals are quick while the broker is away, and every one is executed."""
    whole = request.config.getoption("--runs") or "CI" in os.environ
    away = 30 if whole and fate == "frozen" else 6
    commands = [WORKER, sweeper(SWEEP_SECONDS)]
    with broker(port) as server, running(*commands, environment=environment(port)):
        approve(workspace, cast.rita, 3)
        assert wait_until_done(3, 30) == 3  # everything is up
        (server.freeze if fate == "frozen" else server.kill)()
        slowest = approve(workspace, cast.rita, 10)
        if fate != "gone for ever":
            time.sleep(away)
            (server.thaw if fate == "frozen" else server.start)()
        done = wait_until_done(13, SWEEPS * SWEEP_SECONDS + 8)
    say(f"broker {fate}: 13 approved, {13 - done} lost, slowest approval {slowest:.2f} s")
    assert done == 13
    assert slowest < 2


def test_no_approval_is_lost_whenever_the_broker_is_hit(
    cast, policy, connector, workspace, port, say, request, tmp_path
):
    """One approval a run, the broker hit at a random moment of it; done within two sweeps."""
    runs = request.config.getoption("--runs") or CI_HITS
    chance, fates = random.Random(runs), Counter[str]()
    rounds = Rounds(tmp_path / "alive")
    commands = [WORKER, sweeper(SWEEP_SECONDS, tmp_path / "alive")]
    with (
        broker(port) as server,
        running(*commands, environment=environment(port)),
        rounds.watched(),
    ):
        approve(workspace, cast.rita, 1)
        assert wait_until_done(1, 30) == 1  # everything is up
        hits, began = hits_of(server, chance), timezone.now()
        for number in range(runs):
            fate = list(hits)[number % len(hits)]
            hit = threading.Timer(chance.uniform(0, 0.05), hits[fate])
            hit.start()
            approve(workspace, cast.rita, 1)
            hit.join()
            fates[fate] += 1
            time.sleep(chance.uniform(0, 0.5))  # sometimes the worker is back, sometimes not
        done = wait_until_done(runs + 1, 30)
        time.sleep(SWEEP_SECONDS)  # the last round's end is noticed
    ended = Proposal.objects.filter(state=State.DONE, created_at__gte=began)
    settled = list(ended.values_list("created_at", "settled_at"))
    late = [rounds.between(*times) for times in settled if rounds.between(*times) > SWEEPS]
    slowest = max((after - before).total_seconds() for before, after in settled)
    what = ", ".join(f"{count} {fate}" for fate, count in fates.items())
    say(f"broker hit at random: {runs} runs ({what}), {runs + 1 - done} lost, {len(late)} later "
        f"than {SWEEPS} sweeps, slowest {slowest:.1f} s, longest sweep {rounds.longest():.1f} s")  # fmt: skip
    assert done == runs + 1
    assert not late


@pytest.mark.parametrize("fate", ["killed", "flushed"])
def test_without_the_sweeper_work_is_left(cast, policy, connector, workspace, port, say, fate):
    """Control: nobody sweeps, and what the broker lost stays undone."""
    with broker(port) as server:
        approve(workspace, cast.rita, 6)
        if fate == "flushed":
            server.flush()
        else:
            server.kill()
            server.start()
        with running(WORKER, environment=environment(port)):
            await_worker(server)
            done = wait_until_done(1, 3)
            time.sleep(bell.PENDING_FOR_MS / 1000)
            approve(workspace, cast.rita, 1)
            assert wait_until_done(7, 30) == 7  # a ring was all it wanted
    say(f"broker {fate}, control without the sweeper: 6 approved, {6 - done} left undone")
    assert done == 0


def await_worker(server: Broker, seconds: float = 60) -> None:
    """Wait until a worker listens for messages."""
    deadline = time.monotonic() + seconds
    with redis.Redis.from_url(server.url) as client:
        while not any(one["cmd"] == "brpop" for one in client.client_list()):
            assert time.monotonic() < deadline, "the worker did not start"
            time.sleep(0.05)
