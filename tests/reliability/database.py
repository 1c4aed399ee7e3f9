"""A PostgreSQL of the test's own, as `up` runs it, which can be stopped in the middle of work."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from aios.embedded import folder as folders
from aios.embedded.postgres import Postgres
from aios.embedded.servers import settle_record

START_SECONDS = 60.0


class Database:
    """One cluster; `started` may be called again after a stop, with other settings."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._process: subprocess.Popen[bytes] | None = None
        self.url = postgres.record.database_url
        self.owner_url = postgres.record.owner_url

    def start(self, **settings: str) -> None:
        """Start it, recovering from the log if it has to, and wait until it answers."""
        self._process = subprocess.Popen(
            self._postgres.argv(**settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"LC_ALL": "C"}, cwd="/", start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._postgres.answers():
            assert self._process.poll() is None, "PostgreSQL ended while it started"
            assert time.monotonic() < deadline, "PostgreSQL did not start in time"
            time.sleep(0.02)

    def prepare(self) -> None:
        """Roles and database, as at the first start of `up`."""
        self._postgres.prepare()

    def checkpoint(self) -> None:
        """Bring everything to disk."""
        with self._postgres.connect("postgres") as connection:
            connection.execute("CHECKPOINT")

    def stop(self) -> None:
        """Immediately: what is running is cut off, nothing more is written (SIGQUIT)."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The answer to a query, on a connection of its own."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()


@contextmanager
def database() -> Iterator[Database]:
    """A fresh cluster with roles and an empty database, running; gone at the end."""
    path = Path(tempfile.mkdtemp(prefix="aios-crash-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, path, ignore_errors=True)
        folder = stack.enter_context(folders.opened(path))
        postgres = Postgres(folder, settle_record(folder))
        postgres.initialise()
        made = Database(postgres)
        stack.callback(made.stop)
        made.start()
        made.prepare()
        yield made
