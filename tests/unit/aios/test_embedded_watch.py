"""A part that runs but does not work is replaced: patiently, with the reason, and never in a loop."""

import signal
import sys
import threading
import time
from itertools import pairwise

import psutil
import pytest

from aios.embedded.processes import Part, Supervisor
from aios.embedded.watch import (
    FIRST_SECONDS,
    PAUSE_SECONDS,
    PROVEN_SECONDS,
    READ_EVERY_SECONDS,
    READS_IN_A_ROW,
    READY_SECONDS,
    Patience,
    Watch,
)
from apps.audit.health import Finding, Health, State

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
NODE = "aios@here"


def health(
    worker: State | None = State.WELL, sweeper: State = State.WELL, broker: State = State.WELL
) -> Health:
    """A verdict with these states."""
    workers = () if worker is None else (Finding(NODE, worker, "It takes no messages.", 60.0),)
    return Health(
        Finding("broker", broker, "", 1.0),
        Finding("sweeper", sweeper, "It shows no sign of life.", 1.0),
        workers,
    )


@pytest.fixture
def watch(supervisor: Supervisor) -> Watch:
    """Over a worker and a sweeper that only sleep."""
    for name in ("worker", "sweep"):
        supervisor.start(Part(name, SLEEP, {}, 0, grace=0.3))
    return Watch(supervisor, NODE)


def judge_often(watch: Watch, verdict: Health, start: float, times: int = READS_IN_A_ROW) -> float:
    """The same verdict so many times; returns when the last came."""
    for _ in range(times):
        start += READ_EVERY_SECONDS
        watch.judge(verdict, start)
    return start


def pids(watch: Watch) -> dict[str, int]:
    """Which process each part now is."""
    return {name: child.process.pid for name, child in watch.supervisor.children.items()}


def test_a_frozen_worker_is_replaced_with_the_reason(watch: Watch, said: list[str]) -> None:
    """By force, as it cannot end itself; the control is a look at whether it runs."""
    process = psutil.Process(pids(watch)["worker"])
    process.send_signal(signal.SIGSTOP)
    now = time.monotonic() + FIRST_SECONDS
    watch.supervisor.look(now)
    assert process.is_running()  # control: to that look it is alive
    assert said == []
    before = pids(watch)
    now = judge_often(watch, health(State.DEAF), now, READS_IN_A_ROW - 1)
    assert pids(watch) == before
    judge_often(watch, health(State.DEAF), now, 1)
    assert pids(watch)["worker"] != before["worker"]
    assert pids(watch)["sweep"] == before["sweep"]
    assert not process.is_running()
    assert "worker is replaced: It takes no messages." in said[0]


def test_a_silent_sweeper_is_replaced(watch: Watch, said: list[str]) -> None:
    """The worker is then not judged: nobody sends it canaries."""
    before = pids(watch)
    silent = health(State.UNKNOWN, sweeper=State.SILENT, broker=State.UNKNOWN)
    judge_often(watch, silent, time.monotonic() + FIRST_SECONDS)
    assert pids(watch)["worker"] == before["worker"]
    assert pids(watch)["sweep"] != before["sweep"]
    assert "sweep is replaced: It shows no sign of life." in said[0]


@pytest.mark.parametrize(
    "verdict",
    [
        health(),
        health(State.BUSY),
        health(State.UNKNOWN, broker=State.AWAY),
        health(State.DEAF, broker=State.AWAY),
        health(None, broker=State.AWAY),
        health(sweeper=State.BUSY),
    ],
)
def test_nobody_is_replaced_for_the_brokers_fault_or_for_working(
    watch: Watch, said: list[str], verdict: Health
) -> None:
    """However long it lasts."""
    before = pids(watch)
    judge_often(watch, verdict, time.monotonic() + READY_SECONDS, 30)
    assert pids(watch) == before
    assert said == []


def test_a_worker_that_never_says_it_is_ready_is_replaced(watch: Watch, said: list[str]) -> None:
    """It hangs where it starts."""
    before, began = pids(watch), time.monotonic()
    judge_often(watch, health(None), began, int(READY_SECONDS / READ_EVERY_SECONDS) - 1)
    assert pids(watch) == before
    judge_often(watch, health(None), began + READY_SECONDS)
    assert pids(watch)["worker"] != before["worker"]
    assert "It has not become ready." in said[0]


def test_a_part_just_started_is_left_alone(watch: Watch) -> None:
    """What is written down may be its predecessor's."""
    before = pids(watch)
    deaf = health(State.DEAF, sweeper=State.SILENT)
    judge_often(watch, deaf, time.monotonic() - READ_EVERY_SECONDS, READS_IN_A_ROW)
    assert pids(watch) == before


def test_replacing_again_and_again_takes_longer_each_time() -> None:
    """And begins anew once the part has been well for long."""
    patience, replaced = Patience(), []
    for number in range(200):
        now = number * READ_EVERY_SECONDS
        if patience.run_out("It takes no messages.", now):
            replaced.append(now)
    pauses = [later - earlier for earlier, later in pairwise(replaced)]
    assert pauses == [PAUSE_SECONDS, 2 * PAUSE_SECONDS, 4 * PAUSE_SECONDS, 8 * PAUSE_SECONDS]
    assert not patience.run_out("", now + PROVEN_SECONDS)
    assert patience.replacements == 0


def test_one_good_verdict_clears_the_part() -> None:
    """The database was away, or the machine slept."""
    patience = Patience()
    assert not any(
        patience.run_out("It takes no messages." if number % READS_IN_A_ROW else "", number)
        for number in range(60)
    )


def test_a_database_that_hangs_holds_nothing_up(supervisor: Supervisor) -> None:
    """The verdict is waited for elsewhere; without one nothing is done."""
    release = threading.Event()

    def read() -> Health | None:
        release.wait(10)
        return None

    watch = Watch(supervisor, NODE, read)
    began = time.monotonic()
    for number in range(20):
        watch.look(began + number)
    assert time.monotonic() - began < 1
    assert [thread.name for thread in threading.enumerate()].count("watch") == 1
    release.set()


def test_a_verdict_is_acted_on_when_it_comes(watch: Watch, said: list[str]) -> None:
    """Read every few seconds."""
    watch.read = lambda: health(State.DEAF)
    now = time.monotonic() + FIRST_SECONDS
    for _ in range(READS_IN_A_ROW + 1):
        watch.look(now)
        if watch.reader:
            watch.reader.join(5)
        now += READ_EVERY_SECONDS
    assert "worker is replaced" in said[0]
