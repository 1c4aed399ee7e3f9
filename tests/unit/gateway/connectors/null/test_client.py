"""The null connector against real PostgreSQL."""

from collections.abc import Iterator

import psycopg
import pytest
from uuid_utils.compat import uuid7

from apps.gateway.connectors.base import Refused, Unproven, Unreachable
from apps.gateway.connectors.null.client import NullClient

PARAMS = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "12.50"}


@pytest.fixture
def client(django_db_setup: None, ledger_url: str) -> Iterator[NullClient]:
    client = NullClient(ledger_url, "", {})
    yield client
    client.close()


@pytest.fixture
def key() -> str:
    return str(uuid7())


def lines(ledger_url: str, key: str) -> int:
    """How many rows the ledger holds for the key."""
    with psycopg.connect(ledger_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM null_ledger WHERE key = %s", (key,)
        ).fetchone()
    assert row
    return int(row[0])


def test_effect(client: NullClient, ledger_url: str, key: str) -> None:
    """A call leaves one row, is predicted, and is found by its key."""
    before = client.snapshot("set_price", PARAMS)
    assert client.find_effect("set_price", PARAMS, key=key, snapshot=before) is None
    receipt = client.perform("set_price", PARAMS, key=key, snapshot=before)
    assert receipt.after == client.predict("set_price", PARAMS, before) == {"amount": "12.50"}
    assert client.find_effect("set_price", PARAMS, key=key, snapshot=before) == receipt
    assert lines(ledger_url, key) == 1


def test_duplicates_show(client: NullClient, ledger_url: str, key: str) -> None:
    """A gateway that acts twice leaves two rows: the ledger hides nothing."""
    for _ in range(2):
        client.perform("set_price", PARAMS, key=key, snapshot={})
    assert lines(ledger_url, key) == 2


def test_control_arm(client: NullClient, ledger_url: str, key: str) -> None:
    """With the guard off the read-back says no, whatever happened."""
    client.perform("set_price", PARAMS, key=key, snapshot={})
    blind = NullClient(ledger_url, "", {"guard": "off"})
    assert blind.find_effect("set_price", PARAMS, key=key, snapshot={}) is None
    blind.close()


def test_lost_connection(client: NullClient, ledger_url: str, key: str) -> None:
    """A connection lost before the answer proves nothing; the next call makes a new one."""
    client.perform("set_price", PARAMS, key=key, snapshot={})
    assert client._connection is not None
    pid = client._connection.info.backend_pid
    with psycopg.connect(ledger_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
    with pytest.raises(Unproven):
        client.perform("set_price", PARAMS, key=key, snapshot={})
    assert client.find_effect("set_price", PARAMS, key=key, snapshot={}) is not None


def test_nobody_listens(nowhere: str) -> None:
    """Without a database nothing was done."""
    host, _, port = nowhere.partition(":")
    client = NullClient(f"host={host} port={port} dbname=x user=x", "secret", {})
    with pytest.raises(Unreachable):
        client.perform("set_price", PARAMS, key="k", snapshot={})
    with pytest.raises(Unreachable):
        client.find_effect("set_price", PARAMS, key="k", snapshot={})


def test_one_action_only(client: NullClient) -> None:
    """It carries out set_price and reads nothing."""
    with pytest.raises(Refused):
        client.snapshot("cancel_order", {})
    with pytest.raises(Refused):
        client.read("variants")
