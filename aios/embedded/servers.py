"""PostgreSQL and Valkey as children of one supervisor."""

import os
import signal

from aios.embedded.folder import Folder, read_record, write_record
from aios.embedded.ports import find_free
from aios.embedded.postgres import Postgres, choose_sockets
from aios.embedded.processes import Part, Supervisor
from aios.embedded.record import Record
from aios.embedded.valkey import Valkey

POSTGRES_STAGE, VALKEY_STAGE, SHOP_STAGE, APP_STAGE = range(4)


def settle_record(folder: Folder) -> Record:
    """The folder's keys with addresses which are free now, written down."""
    kept = read_record(folder)
    record = kept.at(
        sockets=choose_sockets(folder, kept.sockets),
        valkey_port=find_free(kept.valkey_port),
        smtp_port=find_free(kept.smtp_port),
    )
    write_record(folder, record)
    return record


def launch_postgres(supervisor: Supervisor, server: Postgres, **settings: str) -> None:
    """Make the cluster if needed and start the server, without waiting for it."""
    server.initialise()
    part = Part(
        "postgres",
        server.argv(**settings),
        {**os.environ, "LC_ALL": "C"},
        POSTGRES_STAGE,
        grace=3,
        quit_signal=signal.SIGINT,
    )
    supervisor.start(part)


def await_postgres(supervisor: Supervisor, server: Postgres, *owner_options: str) -> None:
    """Wait for the server, then make roles and database if they are missing."""
    supervisor.wait_until("postgres", server.answers)
    server.prepare(*owner_options)


def launch_valkey(supervisor: Supervisor, server: Valkey) -> None:
    """Configure and start the server, without waiting for it."""
    server.initialise()
    supervisor.start(Part("valkey", server.argv(), dict(os.environ), VALKEY_STAGE, grace=2))


def await_valkey(supervisor: Supervisor, server: Valkey) -> None:
    """Wait for the server."""
    supervisor.wait_until("valkey", server.answers)
