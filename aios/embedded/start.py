"""One start of AIOS: every part, in the order in which they need each other."""

import io
import os
import shlex
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader

from aios.embedded.failures import StartError
from aios.embedded.folder import Folder, read_record
from aios.embedded.interrupt import Interrupt
from aios.embedded.options import DEFAULT_DATA
from aios.embedded.ports import accepts, require_free, require_ports
from aios.embedded.postgres import Postgres
from aios.embedded.processes import Supervisor
from aios.embedded.screen import Screen
from aios.embedded.servers import await_postgres, await_valkey, launch_postgres, launch_valkey
from aios.embedded.services import (
    WORKER_NODE,
    answers_http,
    app_parts,
    build_environment,
    shop_part,
)
from aios.embedded.valkey import Valkey
from aios.embedded.watch import Watch
from apps.accounts.models import Workspace


class Start:
    """One start of every part, in the order in which they need each other."""

    def __init__(
        self, stop: Interrupt, *, port: int, shop_port: int, workers: int, demo: bool
    ) -> None:
        """Nothing runs yet."""
        self.port, self.shop_port, self.workers, self.demo = port, shop_port, workers, demo
        self.folder = Folder(Path(os.environ["AIOS_DATA"]))
        self.record = read_record(self.folder)
        self.interrupt, self.screen = stop, Screen()
        self.supervisor = Supervisor(
            logs=self.folder.logs,
            register=self.folder.processes,
            say=self.screen.say,
            stopping=lambda: stop.asked,
        )
        self.watch = Watch(self.supervisor, WORKER_NODE)

    def run(self) -> None:
        """Start everything.

        Raises:
            StartError: a part cannot start; those that did are still running.
            Stopped: the person asked to stop meanwhile.
        """
        require_ports(self.port, self.shop_port if self.demo else None)
        self.screen.say(f"AIOS starts; its data is in {self.folder.path}")
        self._start_servers()
        with self.screen.step("Preparing the tables", "Tables are up to date"):
            self._migrate()
        if self.demo:
            self._seed()
        self._start_product()
        self._say_model()
        self._say_first_step()
        self.screen.say(f"AIOS is ready at http://127.0.0.1:{self.port}")

    def stop(self) -> None:
        """Stop what runs."""
        if self.supervisor.children:
            try:
                self.screen.say("Stopping ...")
            finally:  # a closed terminal cannot be written to
                self.supervisor.stop()
            self.screen.say("AIOS has stopped; its data is kept.")

    def _start_servers(self) -> None:
        postgres = Postgres(self.folder, self.record)
        valkey = Valkey(self.folder, self.record)
        own_database = os.environ["DATABASE_URL"] == self.record.owner_url
        own_broker = os.environ["REDIS_URL"] == self.record.redis_url
        with self.screen.step("Starting the servers", "Servers answer"):
            if own_broker:
                launch_valkey(self.supervisor, valkey)
            if self.demo:
                require_free(self.record.smtp_port, "demo mailbox", "--shop-port")
                self.supervisor.start(shop_part(self.folder, self.record, self.shop_port))
            if own_database:
                launch_postgres(self.supervisor, postgres)
                await_postgres(self.supervisor, postgres)
            if own_broker:
                await_valkey(self.supervisor, valkey)
        database = "embedded PostgreSQL 18 with pgvector" if own_database else _from("DATABASE_URL")
        broker = "embedded Valkey" if own_broker else _from("REDIS_URL")
        self.screen.say(f"  database: {database}\n  broker: {broker}")

    def _migrate(self) -> None:
        try:
            with self.interrupt.allowed():
                refuse_newer_tables()
                call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as e:
            raise StartError(f"the tables cannot be prepared: {e}") from e

    def _seed(self) -> None:
        first = not self.folder.credentials.exists()
        with self.screen.step("Preparing the demo", "Demo workspace is ready"):
            self.supervisor.wait_until("shop", lambda: accepts(self.shop_port))
            with self.interrupt.allowed():
                call_command(
                    "seed",
                    "--credentials", str(self.folder.credentials),
                    "--shop", f"http://127.0.0.1:{self.shop_port}",
                    "--secret", self.record.shop_secret,
                    "--mail", f"smtp://127.0.0.1:{self.record.smtp_port}",
                    stdout=io.StringIO(),
                )  # fmt: skip
            connections.close_all()
        self.screen.say(f"  demo shop: http://127.0.0.1:{self.shop_port}")
        if first:
            self.screen.show_people(self.folder.credentials)

    def _start_product(self) -> None:
        mail = f"smtp://127.0.0.1:{self.record.smtp_port}" if self.demo else None
        shop = f"http://127.0.0.1:{self.shop_port}" if self.demo else None
        environment = build_environment(self.folder, self.record, mail=mail, shop=shop)
        done = f"Web server, {self.workers} workers, beat and sweep run"
        with self.screen.step("Starting web server and workers", done):
            for part in app_parts(environment, port=self.port, workers=self.workers):
                self.supervisor.start(part)
            self.supervisor.wait_until("web", lambda: answers_http(self.port), 60)
            for name in ("worker", "beat", "sweep"):
                self.supervisor.wait_until(name, lambda: True)

    def _say_model(self) -> None:
        model = "none, agents plan by rules (OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL)"
        if settings.OPENAI_MODEL:
            host = urlsplit(settings.OPENAI_BASE_URL).hostname or "api.openai.com"
            model = f"{settings.OPENAI_MODEL} at {host}"
        self.screen.say(f"  model: {model}")

    def _say_first_step(self) -> None:
        if self.demo:
            return
        if not Workspace.objects.exists():
            self.screen.say(
                "  nobody can sign in yet. In another terminal, make a workspace and its owner:\n"
                f"    {say_create_workspace(self.folder.path)}"
            )
        connections.close_all()


def say_create_workspace(data: Path) -> str:
    """The command line that makes a workspace on this data folder."""
    where = "" if data == DEFAULT_DATA else f"AIOS_DATA={shlex.quote(str(data))} "
    return f'{where}uv run manage.py create_workspace "My shop" --owner you@example.com'


def refuse_newer_tables() -> None:
    """Stop if the database holds migrations which this version does not know.

    Raises:
        StartError: naming one of them; nothing has been changed.
    """
    loader = MigrationLoader(connection)
    unknown = [
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in loader.migrated_apps and (app, name) not in loader.disk_migrations
    ]
    if unknown:
        raise StartError(
            f"the database was changed by a newer version of AIOS (it has {min(unknown)}). "
            "Nothing was changed. Run that version, or choose another folder: "
            "manage.py up --data DIR"
        )


def _from(name: str) -> str:
    """Where an address of the environment points to, without its secrets."""
    parts = urlsplit(os.environ[name])
    return f"{parts.hostname or 'unix socket'}:{parts.port or ''} (from {name})"
