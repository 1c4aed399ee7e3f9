"""Child processes: started with a log each, watched, restarted, and stopped in order.

Every child leads its own session, so that Ctrl-C reaches only the parent, which then stops the
children in order. What runs is written down after each start: the next `up` stops what a killed
parent left. A process counts as ours only if its id and its start time are the recorded ones.
"""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from aios.embedded.failures import StartError, Stopped
from aios.embedded.folder import write_private

CLOCK_TOLERANCE = 2.0  # seconds: a start time is derived from the boot time, which may be corrected
LOG_LIMIT_BYTES = 20 * 2**20
SETTLED_SECONDS = 30.0  # a child that ran this long is restarted at once
LONGEST_PAUSE = 30.0
TAIL_LINES = 20


@dataclass(frozen=True)
class Part:
    """A child process to run. Parts of one stage stop together, the last stage first."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    stage: int
    grace: float = 4.0  # seconds between asking it to stop and killing it
    quit_signal: int = signal.SIGTERM
    cwd: Path = Path("/")


@dataclass
class Child:
    """A running part."""

    part: Part
    process: psutil.Popen
    started: float = field(default_factory=time.monotonic)
    failures: int = 0
    resumes: float | None = None  # when a dead child is started again


class Supervisor:
    """Owns the children of one data folder."""

    def __init__(
        self,
        *,
        logs: Path,
        register: Path,
        say: Callable[[str], None],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`register` lists what runs; `say` tells the person of a restart."""
        self.logs, self.register, self.say, self.stopping = logs, register, say, stopping
        self.children: dict[str, Child] = {}

    def start(self, part: Part) -> None:
        """Start a part; its output is appended to its log."""
        self.children[part.name] = Child(part, self._spawn(part))
        self._write_down()

    def wait_until(self, name: str, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Wait for a part just started.

        Raises:
            StartError: it ended or was not ready in time; with the end of its log.
            Stopped: the person asked to stop meanwhile.
        """
        process = self.children[name].process
        deadline = time.monotonic() + seconds
        while not ready():
            if self.stopping():
                raise Stopped
            if process.poll() is not None:
                raise StartError(f"{name} ended at once.\n{self.tail(name)}")
            if time.monotonic() > deadline:
                raise StartError(f"{name} was not ready after {seconds:.0f} s.\n{self.tail(name)}")
            time.sleep(0.05)

    def tail(self, name: str) -> str:
        """The end of a part's log, with where the rest is."""
        log = self.logs / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
        return "\n".join([f"The end of {log}:", *(f"  {line}" for line in lines)])

    def look(self, now: float) -> None:
        """Restart what died, each time a little later; `now` is a monotonic clock."""
        for child in self.children.values():
            if child.resumes is None:
                self._notice_end(child, now)
            elif now >= child.resumes:
                self._start_again(child, now)

    def replace(self, name: str, why: str, now: float) -> None:
        """Stop a part that runs but does not work, if need be by force, and start it anew."""
        child = self.children[name]
        self.say(f"{name} is replaced: {why} {self.logs / name}.log")
        stop_together([(child.process, child.part.quit_signal)], child.part.grace)
        self._start_again(child, now)

    def stop(self) -> None:
        """Stop every child, stage by stage; within the sum of the stages' graces."""
        by_stage: dict[int, list[Child]] = {}
        for child in self.children.values():
            by_stage.setdefault(child.part.stage, []).append(child)
        for stage in sorted(by_stage, reverse=True):
            stop_together(
                [(child.process, child.part.quit_signal) for child in by_stage[stage]],
                max(child.part.grace for child in by_stage[stage]),
            )
        self.children.clear()
        self.register.unlink(missing_ok=True)

    def _start_again(self, child: Child, now: float) -> None:
        child.process = self._spawn(child.part)
        child.started, child.resumes = now, None
        self._write_down()

    def _notice_end(self, child: Child, now: float) -> None:
        code = child.process.poll()
        if code is None:
            return
        child.failures = 0 if now - child.started > SETTLED_SECONDS else child.failures + 1
        pause = min(LONGEST_PAUSE, 2.0**child.failures - 1)
        child.resumes = now + pause
        self.say(
            f"{child.part.name} ended ({_describe(code)}); starting it again"
            f"{f' in {pause:.0f} s' if pause else ''}. {self.logs / child.part.name}.log"
        )

    def _spawn(self, part: Part) -> psutil.Popen:
        log = self.logs / f"{part.name}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with open(log, "ab") as output:
            return psutil.Popen(
                part.argv,
                env=part.environment,
                cwd=part.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _write_down(self) -> None:
        running = [
            {
                "name": child.part.name,
                "pid": child.process.pid,
                "started": child.process.create_time(),
                "stage": child.part.stage,
                "quit_signal": int(child.part.quit_signal),
                "grace": child.part.grace,
            }
            for child in self.children.values()
            if child.process.is_running()
        ]
        write_private(self.register, json.dumps(running, indent=1) + "\n")


def stop_leftovers(register: Path) -> list[str]:
    """Stop what a killed parent left running, all at once; the names of what was stopped.

    The order of an ordinary stop is not kept: nobody waits for their work any more, and all of
    them are made to be cut off at any moment.
    """
    try:
        found = [
            (row["name"], process, row["quit_signal"], row["grace"])
            for row in json.loads(register.read_text())
            if (process := _proven(row["pid"], row["started"]))
        ]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []  # nothing ran, or the disk filled while it was written: PostgreSQL checks itself
    if found:
        stop_together([(row[1], row[2]) for row in found], max(row[3] for row in found))
    register.unlink(missing_ok=True)
    return [row[0] for row in found]


def _proven(pid: int, started: float) -> psutil.Process | None:
    """The process with this id, if it is the one that started then."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < CLOCK_TOLERANCE
        return process if same and _runs(process) else None
    except psutil.NoSuchProcess:
        return None


def stop_together(asked: Iterable[tuple[psutil.Process, int]], grace: float) -> None:
    """Ask processes to end, wait at most `grace` seconds, then kill them and their children."""
    waiting: list[psutil.Process] = []
    for process, quit_signal in asked:
        try:
            waiting += [process, *process.children(recursive=True)]
            process.send_signal(quit_signal)
        except psutil.NoSuchProcess:
            continue
    stubborn = _await_end(waiting, grace)
    for process in stubborn:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    _await_end(stubborn, 1)


def _await_end(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after at most `seconds`.

    A zombie has ended: one that is not our child may never be collected, as in a container whose
    first process collects nobody.
    """
    until = time.monotonic() + seconds
    while True:
        _, there = psutil.wait_procs(processes, timeout=0)  # collects our own children
        running = [process for process in there if _runs(process)]
        if not running or time.monotonic() > until:
            return running
        time.sleep(0.02)


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
