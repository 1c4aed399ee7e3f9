"""PostgreSQL and Valkey for one command or one test session, gone afterwards."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aios.embedded import extras
from aios.embedded import folder as folders
from aios.embedded.failures import StartError
from aios.embedded.postgres import Postgres
from aios.embedded.processes import Supervisor, stop_leftovers
from aios.embedded.record import Record
from aios.embedded.servers import (
    await_postgres,
    await_valkey,
    launch_postgres,
    launch_valkey,
    settle_record,
)
from aios.embedded.valkey import Valkey

PREFIX = "aios-temporary-"
OWN_SERVERS = "Or set DATABASE_URL and REDIS_URL to servers of your own."


@contextmanager
def temporary(**postgres_settings: str) -> Iterator[None]:
    """Fresh servers in a temporary folder, named in `os.environ` before the settings are read.

    The role is the owner and may do everything, so that tests can make databases; the role of
    the product, `aios_app`, exists too. Connectors may lead to this machine.
    `postgres_settings` are for example `fsync="off"`.

    Raises:
        StartError: a server did not start, or is not installed.
    """
    extras.require("embedded", OWN_SERVERS)
    remove_abandoned()
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    before = dict(os.environ)
    # being told to end is like Ctrl-C: the servers must not outlive the command
    on_end = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with folders.opened(path) as folder:
            supervisor = Supervisor(logs=folder.logs, register=folder.processes, say=print)
            try:
                record = _start(folder, supervisor, postgres_settings)
                os.environ.update(
                    AIOS_DATA=str(path),
                    DATABASE_URL=record.owner_url,
                    REDIS_URL=record.redis_url,
                    SECRET_KEY=record.secret_key,
                    CREDENTIAL_KEYS=record.credential_keys,
                    OUTBOUND_ALLOW="127.0.0.0/8,::1/128",
                )
                yield
            finally:
                supervisor.stop()
    finally:
        signal.signal(signal.SIGTERM, on_end)
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(path, ignore_errors=True)


def remove_abandoned() -> None:
    """Stop and remove what a killed command or test session left in the temporary folder."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            # written only while the folder is locked: who holds the lock still lives
            if (path / "processes.json").exists():
                with folders.opened(path) as folder:
                    stop_leftovers(folder.processes)
                    shutil.rmtree(path, ignore_errors=True)
        except (StartError, OSError):
            continue  # in use, or somebody else's


def _start(
    folder: folders.Folder, supervisor: Supervisor, postgres_settings: dict[str, str]
) -> Record:
    record = settle_record(folder)
    postgres, valkey = Postgres(folder, record), Valkey(folder, record)
    launch_valkey(supervisor, valkey)
    launch_postgres(supervisor, postgres, **postgres_settings)
    await_postgres(supervisor, postgres, "SUPERUSER")
    await_valkey(supervisor, valkey)
    return record
