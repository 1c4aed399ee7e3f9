"""What all workers together know of a connector: its breaker and its rate, in PostgreSQL.

Not pybreaker with its Redis storage: the broker may be gone just when a breaker is needed, its
counter is read, changed and written back by each process for itself, and nothing keeps two
processes from probing in the same moment. Here one locked row is the only truth, the rules are
`apps.gateway.breaker` (pure), and opening and closing are audit events of the same transaction.

A connector in order and without a rate costs nothing: whoever calls has read its row with the
work (`select_related("connector__breaker")`), nothing is locked and nothing is written.
"""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q

from apps.audit.event import Event
from apps.audit.events.guards import BreakerClosed, BreakerOpened
from apps.audit.operations import record
from apps.gateway import breaker as rules
from apps.gateway.errors import (
    Away,
    BadAnswer,
    Busy,
    CannotTell,
    Refused,
    Stopped,
    Unproven,
    Unreachable,
)
from apps.gateway.models import Breaker, Circuit, Connector

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
T = TypeVar("T")
READ_COST = 1.0  # tokens of a read; an execution re-reads its target before it calls
EXECUTION_COST = 2.0
GIVEN_BACK = "The back end does not answer, and this action goes to a person then."
PATIENCE = timedelta(seconds=10)  # how long a read waits for its turn
WATCHED = Q(calls_per_second__isnull=False) | (
    Q(breaker__isnull=False) & ~Q(breaker__circuit=Circuit.CLOSED, breaker__failures=0)
)  # the connectors that are not in order, or have a rate: a condition on Connector


@dataclass(frozen=True, kw_only=True)
class Admission:
    """How many of the wanted calls may be made now; the others ask again `until` then."""

    passed: int
    until: datetime | None = None


def limits() -> rules.Limits:
    """What the operator has set."""
    return rules.Limits(
        failures=settings.GATEWAY_BREAKER_FAILURES,
        first=timedelta(seconds=settings.GATEWAY_BREAKER_SECONDS),
        longest=timedelta(seconds=settings.GATEWAY_BREAKER_LONGEST_SECONDS),
        trial=timedelta(seconds=settings.GATEWAY_LEASE_SECONDS),
    )


def breaker_of(connector: Connector) -> rules.Breaker:
    """The connector's breaker as it was read with the connector."""
    row: Breaker | None = getattr(connector, "breaker", None)
    if row is None:
        return rules.Breaker()
    return rules.Breaker(
        circuit=rules.Circuit(row.circuit),
        failures=row.failures,
        opened_at=row.opened_at,
        probe_at=row.probe_at,
    )


def in_order(connector: Connector) -> bool:
    """Whether nothing has to be asked before a call, nor noted after a good one."""
    return connector.calls_per_second is None and breaker_of(connector).calm


def admit(
    connector: Connector, wanted: int, *, cost: float, now: datetime, wait: bool = True
) -> Admission:
    """Let as many of `wanted` calls pass as breaker and rate allow, each for `cost` tokens.

    With `wait` False a connector that somebody else is asking about lets nothing pass.
    """
    if in_order(connector):
        return Admission(passed=wanted)
    return ask(connector, wanted, cost=cost, now=now, wait=wait)


@transaction.atomic
def ask(connector: Connector, wanted: int, *, cost: float, now: datetime, wait: bool) -> Admission:
    """Ask breaker and bucket of one locked row."""
    row = locked(connector, wait=wait)
    if row is None:
        return Admission(passed=0, until=now + rules.MOMENT)
    bucket = bucket_of(connector, row, now=now)
    # reads wait until there is enough for an execution too, or they would always be first
    affordable = wanted
    if bucket:
        affordable = min(wanted, bucket.holds(cost)) if bucket.holds(EXECUTION_COST) else 0
    before = breaker_of(connector)
    after, passed = before.admit(affordable, now=now, limits=limits())
    left = bucket.take(passed * cost) if bucket else None
    if left is not None or after != before:
        store_breaker(row, after, left)
    if passed == wanted:
        return Admission(passed=passed)
    if left is not None and passed == affordable:  # the rate stopped the others
        until = left.full_enough(max(cost, EXECUTION_COST), now=now)
        return Admission(passed=passed, until=until)
    return Admission(passed=passed, until=after.refused_until(now=now))


def enter(connector: Connector, *, clock: Clock, patient: bool = True) -> None:
    """Before a read: its turn. Raises `Away` when the breaker is open, `Busy` without a turn.

    A patient caller waits a while for one. Inside somebody's transaction it is asked in one of
    its own, so that the row is not held up.
    """
    if in_order(connector):
        return
    give_up = clock() + (PATIENCE if patient else timedelta(0))
    while True:
        now = clock()

        def turn(now: datetime = now) -> Admission:
            return ask(connector, 1, cost=READ_COST, now=now, wait=True)

        admission = apart(turn) if connection.in_atomic_block else turn()
        if admission is not None and admission.passed:
            return
        until = (admission and admission.until) or now + rules.MOMENT
        if breaker_of(connector).away:
            raise Away(refusal(connector, until, "its breaker is open"), until=until)
        if until > give_up:
            why = "no more calls are allowed before"
            raise Busy(refusal(connector, until, why), until=until)
        time.sleep(max((until - now).total_seconds(), 0.0))


def refusal(connector: Connector, until: datetime, why: str) -> str:
    """Why the connector is not called, for a person."""
    return f"'{connector.name}' is not being called until {until:%H:%M:%S} UTC: {why}."


def note(connector: Connector, *, answered: bool, now: datetime, error: str = "") -> None:
    """Take note of how a call went; opening and closing are recorded.

    Inside somebody's transaction it is done in one of its own, or a failure would be forgotten
    with what it made fail.
    """
    if answered and breaker_of(connector).calm:
        return

    def write() -> None:
        evolve(connector, answered=answered, error=error, now=now)

    if connection.in_atomic_block:
        apart(write)
    else:
        write()


@transaction.atomic
def evolve(connector: Connector, *, answered: bool, error: str, now: datetime) -> None:
    """The breaker after one more call."""
    row = locked(connector)
    if row is None:
        return
    before = breaker_of(connector)
    after = before.succeed() if answered else before.fail(now=now, limits=limits())
    if after == before:
        return
    row.error = "" if answered else error.replace("\0", " ")[:300]
    store_breaker(row, after)
    if before.circuit is rules.Circuit.CLOSED and after.away:
        opened = BreakerOpened(name=row.connector.name, failures=after.failures, error=row.error)
        record_change(row, opened, now=now)
    elif before.away and not after.away:
        record_change(row, BreakerClosed(name=row.connector.name), now=now)


@transaction.atomic
def reset(connector: Connector, *, by: str, now: datetime) -> bool:
    """Close the breaker by hand; False if it was closed already."""
    row = locked(connector)
    if row is None or breaker_of(connector).calm:
        return False
    row.error = ""
    store_breaker(row, rules.Breaker())
    record_change(row, BreakerClosed(name=row.connector.name), now=now, by=by)
    return True


@contextmanager
def watch(connector: Connector, *, clock: Clock, proves: bool = True) -> Iterator[None]:
    """Take note of how the call inside goes; a refusal is an answer too.

    With `proves` False a good answer says nothing yet: the call it prepares may still fail.
    """
    try:
        yield
    except Stopped:
        raise
    except (Unreachable, Unproven, BadAnswer) as error:
        error.connector = connector.name
        note(connector, answered=False, error=str(error), now=clock())
        raise
    except (Refused, CannotTell):
        note(connector, answered=True, now=clock())
        raise
    if proves:
        note(connector, answered=True, now=clock())


def locked(connector: Connector, *, wait: bool = True) -> Breaker | None:
    """The connector's row for the caller's transaction, made if there is none; the connector
    knows it from then on. None when it cannot be had."""
    rows = Breaker.objects.select_for_update(skip_locked=not wait).filter(connector=connector)
    row = rows.first()
    if row is None and Connector.objects.filter(pk=connector.pk).exists():
        fresh = Breaker(connector_id=connector.pk, workspace_id=connector.workspace_id)
        Breaker.objects.bulk_create([fresh], ignore_conflicts=True)
        row = rows.first()
    if row is not None:
        connector.breaker = row
    return row


def bucket_of(connector: Connector, row: Breaker, *, now: datetime) -> rules.Bucket | None:
    """The connector's token bucket, filled up to now; None without a rate."""
    if connector.calls_per_second is None:
        return None
    bucket = rules.Bucket(
        rate=connector.calls_per_second, tokens=row.tokens, refilled_at=row.refilled_at
    )
    return bucket.refill(now=now)


def store_breaker(row: Breaker, state: rules.Breaker, bucket: rules.Bucket | None = None) -> None:
    """Write a locked row."""
    row.circuit = Circuit(state.circuit.value)
    row.failures, row.opened_at, row.probe_at = state.failures, state.opened_at, state.probe_at
    if bucket is not None:
        row.tokens, row.refilled_at = bucket.tokens, bucket.refilled_at
    row.save()


def record_change(row: Breaker, event: Event, *, now: datetime, by: str = "gateway") -> None:
    """Record an event about a breaker."""
    record(
        event,
        workspace_id=row.workspace_id,
        actor=by,
        subject_kind="connector",
        subject_id=row.connector_id,
        now=now,
    )


def apart(do: Callable[[], T]) -> T | None:
    """Do it on a connection of its own, whatever becomes of the caller's transaction.

    It never waits long for a lock the caller may hold: then nothing is done, and None returned.
    """

    def run() -> T | None:
        try:
            with transaction.atomic(), connection.cursor() as sql:
                sql.execute("SET LOCAL lock_timeout = '500ms'")
                return do()
        except OperationalError as error:
            log.warning("A breaker could not be asked or told apart: %s", error)
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(run).result()
