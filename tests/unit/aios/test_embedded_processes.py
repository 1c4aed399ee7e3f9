"""Children are restarted, stopped in order, and found again; strangers are never touched."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from aios.embedded.failures import StartError, Stopped
from aios.embedded.folder import Folder
from aios.embedded.processes import Part, Supervisor, stop_leftovers

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('deaf', flush=True); time.sleep(600)",
]
FAIL = [sys.executable, "-c", "print('no such table: orders'); raise SystemExit(3)"]


def part(name: str, argv: list[str], stage: int = 0) -> Part:
    """A child with a short patience."""
    return Part(name, argv, {}, stage, grace=0.5)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process which is none of ours."""
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


def lives(process: psutil.Process) -> bool:
    """Whether it runs; a zombie only waits for init."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def wait_for(condition: object, seconds: float = 5) -> None:
    """Wait until the condition holds."""
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_dead_child_is_started_again_and_said(supervisor: Supervisor, said: list[str]) -> None:
    """The first restart comes after a second, the next after three."""
    supervisor.start(part("worker", SLEEP))
    child = supervisor.children["worker"]
    for pause in (1, 3):
        before = child.process.pid
        child.process.kill()
        child.process.wait()
        now = time.monotonic()
        supervisor.look(now)
        supervisor.look(now + pause - 0.1)
        assert child.process.pid == before
        supervisor.look(now + pause + 0.1)
        assert child.process.pid != before
        assert f"worker ended (signal SIGKILL); starting it again in {pause} s" in said[-1]


def test_a_child_that_ends_at_once_shows_its_last_words(supervisor: Supervisor) -> None:
    """The log is where the reason is, so the message carries its end."""
    supervisor.start(part("web", FAIL))
    with pytest.raises(StartError, match=r"web ended at once(.|\n)*no such table: orders"):
        supervisor.wait_until("web", lambda: False)


def test_a_child_that_never_answers_is_told(supervisor: Supervisor) -> None:
    """Waiting has an end."""
    supervisor.start(part("web", SLEEP))
    with pytest.raises(StartError, match="web was not ready"):
        supervisor.wait_until("web", lambda: False, seconds=0.1)


def test_waiting_ends_when_the_person_stops_it(folder: Folder) -> None:
    """Ctrl-C during the start is not answered by a timeout."""
    supervisor = Supervisor(
        logs=folder.logs, register=folder.processes, say=print, stopping=lambda: True
    )
    supervisor.start(part("web", SLEEP))
    with pytest.raises(Stopped):
        supervisor.wait_until("web", lambda: False)
    supervisor.stop()


def test_stopping_kills_the_deaf_and_their_children(supervisor: Supervisor, folder: Folder) -> None:
    """Nothing survives, and nothing is left to look for."""
    supervisor.start(part("deaf", DEAF))
    wait_for(lambda: "deaf" in (folder.logs / "deaf.log").read_text())
    process = psutil.Process(supervisor.children["deaf"].process.pid)
    family = [process, *process.children(recursive=True)]
    assert len(family) == 2
    supervisor.stop()
    assert not any(lives(member) for member in family)
    assert not folder.processes.exists()


def test_later_stages_stop_first(supervisor: Supervisor, tmp_path: Path) -> None:
    """The database outlives those who write to it."""
    note = tmp_path / "order"
    tell = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(note)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('listening', flush=True); time.sleep(600)"
    )
    for stage, name in enumerate(["database", "broker", "web"]):
        supervisor.start(part(name, [sys.executable, "-c", tell, f"{name} "], stage))
    for name in supervisor.children:
        log = supervisor.logs / f"{name}.log"
        wait_for(lambda log=log: "listening" in log.read_text())
    supervisor.stop()
    assert note.read_text() == "web broker database "


def test_leftovers_of_a_killed_parent_are_stopped(supervisor: Supervisor, folder: Folder) -> None:
    """What the register proves to be ours is stopped, and named."""
    supervisor.start(part("worker", SLEEP))
    process = supervisor.children["worker"].process
    assert stop_leftovers(folder.processes) == ["worker"]
    assert not lives(process)


def test_leftovers_are_stopped_all_at_once(supervisor: Supervisor, folder: Folder) -> None:
    """The deaf of every stage are waited for together, not one after the other."""
    for stage in range(4):
        supervisor.start(part(f"deaf{stage}", DEAF, stage))
    for name in supervisor.children:
        wait_for(lambda name=name: "deaf" in (folder.logs / f"{name}.log").read_text(), 10)
    processes = [child.process for child in supervisor.children.values()]
    began = time.monotonic()
    assert len(stop_leftovers(folder.processes)) == 4
    assert time.monotonic() - began < 1.5  # a grace of 0.5 s each
    assert not any(lives(process) for process in processes)


def test_an_ended_process_nobody_collects_is_not_waited_for(folder: Folder) -> None:
    """As in a container whose first process collects no children."""
    start = f"import subprocess, sys, time; print(subprocess.Popen({SLEEP!r}).pid, flush=True)"
    neglect = [sys.executable, "-c", f"{start}; time.sleep(600)"]
    with subprocess.Popen(neglect, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        process = psutil.Process(int(parent.stdout.readline()))
        row = {"name": "worker", "pid": process.pid, "started": process.create_time(),
               "stage": 0, "quit_signal": 15, "grace": 20}  # fmt: skip
        folder.processes.write_text(json.dumps([row]))
        began = time.monotonic()
        assert stop_leftovers(folder.processes) == ["worker"]
        assert time.monotonic() - began < 5
        assert process.status() == psutil.STATUS_ZOMBIE
        parent.kill()


def test_a_stranger_with_a_recorded_id_is_left_alone(
    folder: Folder, stranger: subprocess.Popen[bytes]
) -> None:
    """Process ids are used again; only the start time tells whose it is."""
    started = psutil.Process(stranger.pid).create_time()
    row = {"name": "worker", "pid": stranger.pid, "started": started - 60,
           "stage": 0, "quit_signal": 15, "grace": 1}  # fmt: skip
    folder.processes.write_text(json.dumps([row]))
    assert stop_leftovers(folder.processes) == []
    assert stranger.poll() is None


@pytest.mark.parametrize("text", ["", "[{", "[{}]", "7"])
def test_a_damaged_register_stops_nothing(folder: Folder, text: str) -> None:
    """A half-written file proves nothing."""
    folder.processes.write_text(text)
    assert stop_leftovers(folder.processes) == []
