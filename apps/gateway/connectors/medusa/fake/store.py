# ruff: noqa: S608 - table and column names come from this package, values are bound
"""State of the demo shop in one SQLite file (WAL: a killed process loses no committed write)."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request

from apps.gateway.connectors.medusa.fake.ids import new_id
from apps.money.currency import is_currency, minor_units

# one script for each version of the file; a file that lacks the last ones is brought up to date
NAMES = ("schema.sql", "returns.sql", "charges.sql", "categories.sql")
SCHEMAS = [(Path(__file__).parent / name).read_text() for name in NAMES]
VERSION = len(SCHEMAS)
Row = sqlite3.Row


class WrongVersion(Exception):
    """The ledger file was written by a later version of the demo shop."""


def clock() -> str:
    """The time as Medusa writes it."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment as Medusa writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Store:
    """The one connection; used from the event loop's thread only."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None, timeout=5)
        self._db.row_factory = sqlite3.Row
        self._chance = random.SystemRandom()
        self._prepare(file)

    def _prepare(self, file: Path) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in range(VERSION + 1):
            raise WrongVersion(
                f"{file} has version {version} of the demo shop, this is {VERSION}. "
                f"Move the file away to start a new shop."
            )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        if version < VERSION:
            scripts = ";".join(SCHEMAS[version:])
            self._db.executescript(f"BEGIN; {scripts}; PRAGMA user_version={VERSION}; COMMIT;")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Must not be held over an `await`."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def all(self, sql: str, *values: Any) -> list[Row]:
        """All rows."""
        return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._db.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, *values)
        return row[0] if row else None

    def run(self, sql: str, *values: Any) -> int:
        """Execute; the number of changed rows."""
        return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **values: Any) -> None:
        """Add one row. Table and column names come from this package only."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])

    def id(self, prefix: str) -> str:
        """A new identifier."""
        return new_id(prefix, self._chance)

    def setting(self, name: str) -> str | None:
        """A remembered value, or None."""
        value: str | None = self.value("SELECT value FROM settings WHERE name = ?", name)
        return value

    def remember(self, name: str, value: str) -> None:
        """Keep a value over restarts."""
        self.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, value)

    def note(
        self,
        action: str,
        target: str,
        params: dict[str, Any],
        *,
        amount: str | None = None,
        currency: str | None = None,
        key: str | None = None,
    ) -> None:
        """Append one line to the ledger: something was done."""
        self.insert(
            "ledger", at=clock(), action=action, target=target, amount=amount,
            currency=currency, params=json.dumps(params, sort_keys=True), key=key,
        )  # fmt: skip


def as_money(amount: float, currency: str = "EUR") -> str:
    """An amount with the decimals of its currency, as the ledger shows it; two where it is none."""
    code = currency.upper()
    digits = minor_units(code) if is_currency(code) else 2
    return f"{amount:.{digits}f}"


def store_of(request: Request) -> Store:
    """The store of the application that answers the request."""
    store: Store = request.app.state.store
    return store
