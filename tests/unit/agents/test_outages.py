"""Outages are told from faults: the first pass, the second do not."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError

from apps.agents import outages
from apps.gateway.errors import Away, BadAnswer, Refused, Stopped, Unproven, Unreachable

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def named(error: Unreachable, connector: str) -> Unreachable:
    """The error as the gateway raises it."""
    error.connector = connector
    return error


def of_database(kind: type[psycopg.Error] | None) -> OperationalError:
    """Django's error for one of the driver."""
    error = OperationalError("it went wrong")
    if kind is not None:
        error.__cause__ = kind("it went wrong")
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (named(Unreachable("no connection"), "shop"), "Waiting for shop: no connection"),
        (Unreachable("no connection"), "Waiting for a back end: no connection"),
        (Stopped("a switch is engaged"), "Waiting for a back end: a switch is engaged"),
        (Away("'shop' is not being called", until=NOW), "'shop' is not being called"),
        (of_database(None), "Waiting for the database: it went wrong"),
        (of_database(psycopg.errors.AdminShutdown), "Waiting for the database: it went wrong"),
        (of_database(psycopg.errors.TooManyConnections), "Waiting for the database: it went wrong"),
        (InterfaceError("connection\nclosed"), "Waiting for the database: connection closed"),
    ],
)
def test_what_passes_by_itself(error: Exception, says: str) -> None:
    """Each with what is waited for."""
    assert outages.reason(error) == says


@pytest.mark.parametrize(
    "error",
    [
        BadAnswer("not JSON"),
        Refused("no such order"),
        Unproven("perhaps"),
        ValueError("a bug"),
        IntegrityError("twice"),
        of_database(psycopg.errors.QueryCanceled),
        of_database(psycopg.errors.DeadlockDetected),
        of_database(psycopg.errors.LockNotAvailable),
    ],
)
def test_what_does_not(error: Exception) -> None:
    """It is tried a few times, and then it has failed."""
    assert outages.reason(error) == ""


def test_the_pause_grows_with_the_outage() -> None:
    """As long as it has lasted, from two seconds to five minutes."""
    error, pauses = Unreachable("no"), []
    for lasted in (0, 1, 10, 90, 400, 80_000):
        now = NOW + timedelta(seconds=lasted)
        pauses.append((outages.next_try(error, since=NOW, now=now) - now).total_seconds())
    assert pauses == [2, 2, 10, 90, 300, 300]


def test_a_back_end_that_is_left_alone_is_not_asked_before() -> None:
    """Its breaker says until when."""
    error = Away("open", until=NOW + timedelta(seconds=40))
    assert outages.next_try(error, since=NOW, now=NOW) == NOW + timedelta(seconds=40)
