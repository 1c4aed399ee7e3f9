"""Has a part replaced which runs but does not work: a deaf worker, a silent sweeper.

The verdict is read from the database beside the supervision, so that a database which does not
answer holds nothing up; without a verdict nothing is done. A broker that is away is no fault of
the workers, and the verdict says so.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, connections
from django.utils import timezone

from aios.embedded.processes import Supervisor
from apps.audit import heartbeat
from apps.audit.health import Health, State

log = logging.getLogger(__name__)

READ_EVERY_SECONDS = 5.0
READS_IN_A_ROW = 3  # once is not enough: the machine may have slept, or the database been away
FIRST_SECONDS = 30.0  # a part just started is left alone
READY_SECONDS = 90.0  # by then a worker has said that it is ready
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 60.0, 1800.0  # between two replacements of a part
PROVEN_SECONDS = 600.0  # a part well for so long begins with the short pause again


@dataclass
class Patience:
    """What is remembered of one part between two verdicts; times are of a monotonic clock."""

    complaints: int = 0  # verdicts against it, in a row
    replacements: int = 0
    replaced_at: float = float("-inf")

    def run_out(self, complaint: str, now: float) -> bool:
        """Whether the part is to be replaced now, given what is wrong with it ("" if nothing)."""
        self.complaints = self.complaints + 1 if complaint else 0
        since = now - self.replaced_at
        if not complaint and since > PROVEN_SECONDS:
            self.replacements = 0
        pause = PAUSE_SECONDS * 2.0 ** (self.replacements - 1) if self.replacements else 0.0
        if self.complaints < READS_IN_A_ROW or since < min(pause, LONGEST_PAUSE_SECONDS):
            return False
        self.complaints, self.replaced_at = 0, now
        self.replacements += 1
        return True


class Watch:
    """Looks after the workers and the sweeper of one supervisor."""

    def __init__(
        self,
        supervisor: Supervisor,
        node: str,
        read: Callable[[], Health | None] | None = None,
    ) -> None:
        """`node` is what Celery calls the part "worker"; `read` gives the verdict, None if none."""
        self.supervisor, self.node, self.read = supervisor, node, read or read_health
        self.patience = {"worker": Patience(), "sweep": Patience()}
        self.reader: threading.Thread | None = None
        self.health: Health | None = None
        self.reads_at = time.monotonic()

    def look(self, now: float) -> None:
        """Act on a verdict that has come in, and ask for the next; never waits for one."""
        if self.reader is not None and not self.reader.is_alive():
            self.reader = None
            if self.health is not None:
                self.judge(self.health, now)
        if self.reader is None and now >= self.reads_at:
            self.reads_at = now + READ_EVERY_SECONDS
            self.reader = threading.Thread(target=self._read, name="watch", daemon=True)
            self.reader.start()

    def judge(self, health: Health, now: float) -> None:
        """Replace what the verdict has spoken against often enough."""
        complaints = {
            "worker": complain_of_worker(health, self.node, self._age("worker", now)),
            "sweep": complain_of_sweeper(health, self._age("sweep", now)),
        }
        for name, complaint in complaints.items():
            if self.patience[name].run_out(complaint, now):
                self.supervisor.replace(name, complaint, now)

    def _age(self, name: str, now: float) -> float:
        """For how many seconds the part has been running; 0 while it waits to be started again."""
        child = self.supervisor.children[name]
        return now - child.started if child.resumes is None else 0.0

    def _read(self) -> None:
        self.health = None
        self.health = self.read()


def complain_of_worker(health: Health, node: str, age: float) -> str:
    """What is wrong with a worker that has run for `age` seconds; "" if nothing is known to be."""
    finding = health.worker(node)
    if age < FIRST_SECONDS or health.broker.state is not State.WELL:
        return ""
    if finding is None:
        return "It has not become ready." if age > READY_SECONDS else ""
    return finding.reason if finding.state is State.DEAF else ""


def complain_of_sweeper(health: Health, age: float) -> str:
    """What is wrong with a sweeper that has run for `age` seconds; "" if nothing is."""
    silent = health.sweeper.state is State.SILENT and age >= FIRST_SECONDS
    return health.sweeper.reason if silent else ""


def read_health() -> Health | None:
    """The verdict on a connection of its own; None if the database does not give one."""
    try:
        return heartbeat.report(now=timezone.now())
    except DatabaseError as e:
        log.debug("No verdict: %s", e)
        return None
    finally:
        connections.close_all()
