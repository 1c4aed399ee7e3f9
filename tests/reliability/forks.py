"""Processes forked from the test: imports are done once, so that a SIGKILL costs milliseconds."""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, connections

from apps.audit import bell, failpoints
from apps.gateway import clients

ROLLBACK_SECONDS = 10.0
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True)
class Process:
    """What a process does, and the point at which it is killed (None: it lives to the end)."""

    do: Callable[[], object]
    dies_at: str | None = None


def run_together(*processes: Process) -> list[bool]:
    """Start them all at the same moment and wait for their end; which of them were killed.

    Returns when PostgreSQL has rolled back what the dead left open.
    """
    close_connections()
    gate, opener = os.pipe()
    children = [_fork(process, gate, opener) for process in processes]
    os.close(gate)
    os.close(opener)
    ends = [os.waitpid(child, 0)[1] for child in children]
    for end in ends:
        killed = os.WIFSIGNALED(end) and os.WTERMSIG(end) == signal.SIGKILL
        assert killed or end == 0, f"a forked process failed: {end}; its traceback is in stderr"
    _await_rollback()
    return [end != 0 for end in ends]


def close_connections() -> None:
    """Before a fork: a child must not share a connection with us."""
    clients.forget_all()
    connections.close_all()


def _fork(process: Process, gate: int, opener: int) -> int:
    if child := os.fork():
        return child
    try:
        os.close(opener)
        os.read(gate, 1)  # ends when the parent lets all start
        bell.forget_connection()
        if process.dies_at:
            failpoints.arm(process.dies_at)
        process.do()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing may climb out of a fork into the test's frames
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def _await_rollback() -> None:
    deadline = time.monotonic() + ROLLBACK_SECONDS
    with connection.cursor() as sql:
        while True:
            sql.execute(OTHERS)
            if not sql.fetchone()[0]:
                return
            assert time.monotonic() < deadline, "connections of killed processes are still open"
            time.sleep(0.002)
