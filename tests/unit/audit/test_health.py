"""Who is alive, judged from signs: canaries are counted, clocks are not compared."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.health import (
    DEAF_AFTER,
    SILENT_AFTER_SECONDS,
    Health,
    Part,
    Signs,
    State,
    judge,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AGO = NOW - timedelta(seconds=2)
LONG_AGO = NOW - timedelta(seconds=SILENT_AFTER_SECONDS + 1)


def found(worker: dict | None = None, sweeper: dict | None = None, **broker) -> Health:
    """The verdict on one worker, a broker and a sweeper that are well unless said otherwise."""
    given = {
        Part.WORKER: {"name": "aios@here", "seen_at": AGO, **(worker or {})},
        Part.SWEEPER: {"name": "sweeper", "seen_at": AGO, "busy_at": AGO, **(sweeper or {})},
        Part.BROKER: {"name": "broker", "seen_at": AGO, **broker},
    }
    return judge(
        [Signs(part=part, since=LONG_AGO, **signs) for part, signs in given.items()], now=NOW
    )


def test_all_is_well():
    """Each part with the seconds since its last sign of life."""
    health = found()
    assert health.fine
    assert health.worker("aios@here").state is State.WELL
    assert health.worker("aios@here").age == 2
    assert health.worker("aios@there") is None


@pytest.mark.parametrize(
    ("signs", "state"),
    [
        ({"missed": DEAF_AFTER - 1}, State.WELL),
        ({"missed": DEAF_AFTER}, State.DEAF),
        ({"missed": DEAF_AFTER, "busy_at": LONG_AGO}, State.DEAF),
        ({"missed": 1, "busy_at": AGO}, State.BUSY),
        ({"seen_at": LONG_AGO}, State.WELL),  # its clock may differ from ours, or we slept
        ({"seen_at": NOW + timedelta(hours=1)}, State.WELL),
    ],
)
def test_a_worker_is_deaf_after_so_many_canaries(signs, state):
    """Only canaries count, and being busy is no deafness."""
    finding = found(signs).worker("aios@here")
    assert finding.state is state
    assert finding.age >= 0
    assert finding.fine is (state is not State.DEAF)


def test_the_reason_tells_the_deaf_from_the_frozen():
    """A person looks elsewhere for the one than for the other."""
    deaf = {"missed": DEAF_AFTER}
    assert "does not answer" in found(deaf).worker("aios@here").reason
    assert "answers when asked" in found({**deaf, "taken": 7}).worker("aios@here").reason


def test_without_a_broker_nothing_is_held_against_a_worker():
    """It is the broker that is away."""
    health = found({"missed": DEAF_AFTER}, missed=1)
    assert health.broker.state is State.AWAY
    assert health.worker("aios@here").state is State.UNKNOWN
    assert not health.fine


def test_without_a_sweeper_nobody_can_tell():
    """It sends the canaries, so what was last known says nothing."""
    health = found({"missed": DEAF_AFTER}, {"busy_at": LONG_AGO})
    assert health.sweeper.state is State.SILENT
    assert health.broker.state is State.UNKNOWN
    assert health.worker("aios@here").state is State.UNKNOWN


def test_a_sweeper_with_much_to_do_is_busy():
    """Its heart beats beside its work."""
    health = found(sweeper={"seen_at": LONG_AGO})
    assert health.sweeper.state is State.BUSY
    assert health.fine


def test_nothing_known_is_not_fine():
    """Before the first beat, and without any worker."""
    health = judge([], now=NOW)
    assert (health.sweeper.state, health.broker.state) == (State.SILENT, State.UNKNOWN)
    assert health.workers == ()
    assert not health.fine
