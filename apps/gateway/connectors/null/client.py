"""The null connector: its effect is one row in a ledger table of its own.

The ledger has no unique constraint and `perform` never looks at the key, so a gateway that acts
twice leaves two rows. Settings: `guard` = "off" switches the read-back off (`find_effect` always
says no): the control arm of the crash tests, which must show duplicates.
"""

import os
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from apps.gateway.connectors.base import FirstLook, Receipt, Refused, Unproven, Unreachable
from apps.gateway.connectors.gate import ask_first
from apps.gateway.records import Record
from apps.money.currency import written

ACTION = "set_price"
TABLE = """
CREATE TABLE IF NOT EXISTS null_ledger (
    key text NOT NULL, action text NOT NULL, params jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS null_ledger_key ON null_ledger (key);
"""
INSERT = "INSERT INTO null_ledger (key, action, params) VALUES (%s, %s, %s)"
FIND = "SELECT params FROM null_ledger WHERE key = %s LIMIT 1"


class NullClient:
    """A ledger in PostgreSQL. `address` is a libpq URL or conninfo; a secret is its password."""

    kind: ClassVar[str] = "null"
    actions: ClassVar[frozenset[str]] = frozenset({ACTION})
    resources: ClassVar[frozenset[str]] = frozenset()
    burst: ClassVar[int] = 50
    first_look: ClassVar[FirstLook] = FirstLook()

    def __init__(self, address: str, secret: str, settings: dict[str, str]) -> None:
        self._address = make_conninfo(address, password=secret) if secret else address
        self._blind = settings.get("guard") == "off"
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._owner = 0

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """There is nothing to read."""
        raise Refused(f"The null connector has no '{resource}' to read.", code="unknown_resource")

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """A constant: nothing here can change under an approval."""
        _known(action)
        return {"amount": "0.00"}

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """The amount asked for."""
        _known(action)
        return {**snapshot, "amount": written(Decimal(str(params["amount"])), params["currency"])}

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """Write one row, committed at once."""
        after = self.predict(action, params, snapshot)
        connection = self._connect()
        ask_first()
        try:
            connection.execute(INSERT, (key, action, Jsonb(params)))
        except psycopg.OperationalError as error:
            self._drop()
            raise Unproven(f"null_ledger: {error}") from error
        except psycopg.Error as error:
            raise Refused(f"null_ledger: {error}", code=error.sqlstate or "") from error
        return Receipt(reference=key, after=after)

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """Look the key up."""
        _known(action)
        if self._blind:
            return None
        try:
            row = self._connect().execute(FIND, (key,)).fetchone()
        except psycopg.OperationalError as error:
            self._drop()
            raise Unreachable(f"null_ledger: {error}") from error
        return Receipt(reference=key, after=self.predict(action, params, snapshot)) if row else None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None and self._owner == os.getpid():
            self._connection.close()
        self._drop()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """The open connection of this process; a forked child opens its own."""
        if self._connection is None or self._connection.closed or self._owner != os.getpid():
            try:
                self._connection = psycopg.connect(
                    self._address, autocommit=True, connect_timeout=5
                )
                _create_table(self._connection)
            except psycopg.OperationalError as error:
                self._drop()
                raise Unreachable(f"null_ledger: {error}") from error
            self._owner = os.getpid()
        return self._connection

    def _drop(self) -> None:
        self._connection = None


def _create_table(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    try:
        connection.execute(TABLE)
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        return  # another process made it in the same moment


def _known(action: str) -> None:
    if action != ACTION:
        raise Refused(f"The null connector cannot '{action}'.", code="unknown_action")
