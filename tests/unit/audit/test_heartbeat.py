"""Canaries are sent and counted on a real broker; here the test itself plays the worker."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import redis
from celery import current_app
from celery.utils.nodenames import worker_direct
from django.db import DatabaseError

from apps.audit import heartbeat, tasks
from apps.audit.health import DEAF_AFTER, FORGOTTEN_AFTER, SUSPECT_AFTER, State
from apps.audit.models import Pulse

pytestmark = pytest.mark.django_db

NODE = "test-pulse@here"
QUEUE = worker_direct(NODE).name


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Nobody answers a question here; do not wait for it."""
    monkeypatch.setattr(heartbeat, "ANSWER_SECONDS", 0.05)


@pytest.fixture
def broker(settings):
    """The broker's own view, with the canaries' queue empty before and after."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(QUEUE)
    yield client
    client.delete(QUEUE)
    client.close()


@pytest.fixture
def away(monkeypatch):
    """Call it, and the broker is nowhere; call it with False, and it is back."""
    there = current_app.conf.broker_write_url

    def set_away(gone: bool = True) -> None:
        monkeypatch.setattr(
            current_app.conf, "broker_write_url", "redis://127.0.0.1:1/0" if gone else there
        )

    return set_away


def beat(now, times: int = 1):
    """Beat so many times, five seconds apart; returns when the last was."""
    for number in range(times):
        at = now + timedelta(seconds=5 * number)
        heartbeat.beat(moved_at=at, now=at)
    return at


def worker() -> Pulse:
    """What is written down of the worker."""
    return Pulse.objects.get(name=NODE)


def test_an_answered_canary_is_a_pulse(broker, now):
    """One message on the worker's own queue, and the answer is written down."""
    heartbeat.greet(worker=NODE, now=now)
    beat(now)
    assert broker.llen(QUEUE) == 1
    assert worker().sent_at == now
    tasks.canary.apply(task_id="1").get()  # runs as nobody: no worker's pulse
    assert worker().sent_at == now
    heartbeat.record_canary(worker=NODE, now=now)
    assert (worker().sent_at, worker().seen_at) == (None, now)
    assert heartbeat.report(now=now).fine


def test_unanswered_canaries_are_counted_and_do_not_pile_up(broker, now):
    """Each takes the place of the one before; deaf is who misses so many in a row."""
    heartbeat.greet(worker=NODE, now=now)
    at = beat(now, DEAF_AFTER)
    assert worker().missed == DEAF_AFTER - 1
    assert heartbeat.report(now=at).worker(NODE).state is State.WELL
    beat(at)
    assert broker.llen(QUEUE) == 1
    assert heartbeat.report(now=at).worker(NODE).state is State.DEAF
    heartbeat.record_canary(worker=NODE, now=at)
    assert heartbeat.report(now=at).worker(NODE).state is State.WELL


def test_a_successor_of_the_same_name_starts_afresh(broker, now):
    """And a worker that ends in good order is not looked for."""
    heartbeat.greet(worker=NODE, now=now)
    at = beat(now, DEAF_AFTER + 1)
    heartbeat.greet(worker=NODE, now=at)
    assert heartbeat.report(now=at).worker(NODE).state is State.WELL
    heartbeat.leave(worker=NODE)
    assert heartbeat.report(now=at).worker(NODE) is None


def test_a_broker_that_is_away_is_said_once_and_held_against_nobody(broker, now, away, caplog):
    """What was unanswered before may never have arrived."""
    heartbeat.greet(worker=NODE, now=now)
    at = beat(now, DEAF_AFTER)
    away()
    at = beat(at, DEAF_AFTER + 1)
    health = heartbeat.report(now=at)
    assert health.broker.state is State.AWAY
    assert health.worker(NODE).state is State.UNKNOWN
    assert worker().missed == 0
    assert caplog.text.count("takes no canary") == 1


def test_a_worker_may_find_the_way_back(broker, now, away):
    """Only what it leaves unanswered a minute after the broker's return counts."""
    heartbeat.greet(worker=NODE, now=now)
    away()
    beat(now)
    away(False)
    at = beat(now + timedelta(seconds=5), 12)
    assert heartbeat.report(now=at).broker.state is State.WELL
    assert worker().missed == 0
    beat(now + heartbeat.RETURN + timedelta(seconds=5), 2)
    assert worker().missed == 2


def test_a_worker_started_since_has_no_way_back_to_find(broker, now, away):
    """It is held to account at once."""
    away()
    beat(now)
    away(False)
    beat(now)
    heartbeat.greet(worker=NODE, now=now + timedelta(seconds=1))
    beat(now + timedelta(seconds=5), 3)
    assert worker().missed == 2


def test_who_ended_without_a_word_is_forgotten_in_the_end(broker, now):
    """With its queue."""
    heartbeat.greet(worker=NODE, now=now)
    beat(now)
    Pulse.objects.filter(name=NODE).update(missed=FORGOTTEN_AFTER - 1)
    beat(now)
    assert not Pulse.objects.filter(name=NODE).exists()
    assert not broker.exists(QUEUE)


@pytest.mark.parametrize(
    ("before", "after", "active", "busy"),
    [
        (None, None, 0, False),  # no answer
        (5, None, 2, False),
        (None, 7, 1, False),  # answers, one of two processes idle
        (7, 7, 1, False),
        (None, 7, 2, True),  # all processes have work
        (7, 8, 0, True),  # it has taken a task since
    ],
)
def test_busy_is_who_works_or_takes_tasks(before, after, active, busy):
    """A worker that answers but is idle has no excuse."""
    stats = {"pool": {"max-concurrency": 2}}
    assert heartbeat.is_busy(before, after, stats, active) is busy


def test_a_suspect_that_proves_busy_is_cleared(broker, now, monkeypatch):
    """Its count begins again, and it is shown as busy."""
    heartbeat.greet(worker=NODE, now=now)
    answers = {
        "stats": {NODE: {"total": {"audit.dispatch": 3}, "pool": {"max-concurrency": 1}}},
        "active": {NODE: [{"name": "audit.dispatch"}]},
    }
    monkeypatch.setattr(heartbeat, "ask", lambda what, names, broker: answers[what])
    at = beat(now, SUSPECT_AFTER + 1)
    assert worker().missed == 0
    assert heartbeat.report(now=at).worker(NODE).state is State.BUSY
    heartbeat.record_canary(worker=NODE, now=at)
    assert heartbeat.report(now=at).worker(NODE).state is State.WELL


def test_a_worker_says_hello_and_goodbye(now, caplog, monkeypatch):
    """Celery's signals write it down; a database that is away does not stop the worker."""
    monkeypatch.setattr(tasks.connections, "close_all", lambda: None)  # the test's own transaction
    node = SimpleNamespace(hostname=NODE)
    tasks.greet(node)
    assert Pulse.objects.filter(name=NODE).exists()
    tasks.leave(node)
    assert not Pulse.objects.filter(name=NODE).exists()
    with tasks.briefly_connected("greet"):
        raise DatabaseError("the database is away")
    assert "could not greet: the database is away" in caplog.text
