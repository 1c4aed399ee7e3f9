"""The embedded PostgreSQL: roles with no more than they need, and starts that can be repeated."""

from pathlib import Path

import psycopg
import pytest

from aios.embedded.failures import StartError
from aios.embedded.folder import Folder, opened, read_record
from aios.embedded.postgres import LONGEST_SOCKET, Postgres, choose_sockets
from aios.embedded.servers import settle_record


def connect(url: str) -> psycopg.Connection:
    """A connection committing each statement."""
    return psycopg.connect(url, autocommit=True)


def test_the_app_role_may_change_rows_and_nothing_else(postgres: Postgres) -> None:
    """Tables made by the owner are open to the app role, except for TRUNCATE and DDL."""
    with connect(postgres.record.owner_url) as owner:
        owner.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, v vector(2))")
    with connect(postgres.record.database_url) as app:
        app.execute("INSERT INTO orders (v) VALUES ('[1,2]')")
        assert app.execute("SELECT id FROM orders").fetchall() == [(1,)]
        for forbidden in (
            "TRUNCATE orders",
            "DROP TABLE orders",
            "ALTER TABLE orders DISABLE TRIGGER ALL",
            "CREATE TABLE mine ()",
            "SET ROLE aios_owner",
            "COPY orders TO PROGRAM 'cat'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_a_wrong_password_does_not_sign_in(postgres: Postgres) -> None:
    """No role is trusted for being on this machine."""
    for role in ("postgres", "aios_owner", "aios_app"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(
                host=postgres.record.sockets, user=role, password="guess", dbname="aios"
            )


def test_preparing_twice_changes_nothing(postgres: Postgres) -> None:
    """A second start finds roles and database and leaves them."""
    with connect(postgres.record.owner_url) as owner:
        owner.execute("CREATE TABLE kept ()")
    postgres.prepare()
    with connect(postgres.record.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_preparing_cut_short_is_continued(bare_postgres: Postgres) -> None:
    """A role left from half a preparation is given the recorded password."""
    with bare_postgres.connect("template1") as template:
        template.execute("CREATE ROLE aios_owner LOGIN PASSWORD 'old'")
    bare_postgres.prepare()
    connect(bare_postgres.record.owner_url).close()


def test_a_cluster_made_by_half_is_made_again(folder: Folder) -> None:
    """Only a finished initdb is given its final name."""
    server = Postgres(folder, settle_record(folder))
    partial = folder.postgres / "cluster.partial"
    partial.mkdir()
    (partial / "PG_VERSION").write_text("18\n")
    server.initialise("--no-sync")
    assert (server.cluster / "global" / "pg_control").exists()
    assert {entry.name for entry in folder.postgres.iterdir()} == {"cluster"}


def test_a_cluster_of_another_postgresql_is_left_alone(folder: Folder) -> None:
    """The message names both versions."""
    server = Postgres(folder, settle_record(folder))
    server.cluster.mkdir()
    (server.cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartError, match="PostgreSQL 16; this version uses 18"):
        server.initialise()
    assert [entry.name for entry in server.cluster.iterdir()] == ["PG_VERSION"]


def test_a_data_folder_too_deep_for_a_socket_still_works(tmp_path: Path) -> None:
    """The socket then lives in a short folder nobody else may enter, the same at each start."""
    deep = tmp_path.joinpath(*["deep-and-deeper"] * 8)
    with opened(deep) as folder:
        record = settle_record(folder)
        sockets = Path(record.sockets)
        try:
            assert len(str(sockets)) < LONGEST_SOCKET
            assert sockets.stat().st_mode & 0o077 == 0
            assert choose_sockets(folder, read_record(folder).sockets) == sockets
        finally:
            sockets.rmdir()


def test_an_odd_character_in_the_path_survives_the_address(folder: Folder) -> None:
    """Addresses are URLs, and paths may hold anything."""
    record = read_record(folder).at(sockets=Path("/tmp/a b&c=%d"), valkey_port=1, smtp_port=2)
    assert psycopg.conninfo.conninfo_to_dict(record.database_url)["host"] == "/tmp/a b&c=%d"
