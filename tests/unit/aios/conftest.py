"""A data folder of its own for each test, with a running PostgreSQL where one is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aios.embedded.folder import Folder, opened
from aios.embedded.postgres import Postgres
from aios.embedded.processes import Supervisor
from aios.embedded.servers import launch_postgres, settle_record


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where a data folder may be made."""
    return tmp_path / "data"


@pytest.fixture
def folder(data: Path) -> Iterator[Folder]:
    """A data folder, open and locked."""
    with opened(data) as folder:
        yield folder


@pytest.fixture
def said() -> list[str]:
    """What the supervisor told the person."""
    return []


@pytest.fixture
def supervisor(folder: Folder, said: list[str]) -> Iterator[Supervisor]:
    """A supervisor whose children are stopped at the end."""
    supervisor = Supervisor(logs=folder.logs, register=folder.processes, say=said.append)
    yield supervisor
    supervisor.stop()


@pytest.fixture
def bare_postgres(folder: Folder, supervisor: Supervisor) -> Postgres:
    """A running PostgreSQL as initdb made it."""
    server = Postgres(folder, settle_record(folder))
    launch_postgres(supervisor, server, fsync="off")
    supervisor.wait_until("postgres", server.answers)
    return server


@pytest.fixture
def postgres(bare_postgres: Postgres) -> Postgres:
    """A running PostgreSQL with the two roles and the database."""
    bare_postgres.prepare()
    return bare_postgres
