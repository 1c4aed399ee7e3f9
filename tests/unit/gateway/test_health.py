"""The shared state of a connector's breaker and rate, in a real database."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.gateway import health, queries
from apps.gateway.errors import Away, BadAnswer, Busy, Refused, Stopped, Unproven, Unreachable
from apps.gateway.models import Breaker, Circuit, Connector

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def known(connector):
    """The connector as it is read with the work."""

    def read() -> Connector:
        return Connector.objects.select_related("breaker").get(pk=connector.pk)

    return read


def fail(connector, times, now):
    for _ in range(times):
        health.note(connector, answered=False, error="status 500", now=now)


def kinds():
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_connector_in_order_costs_no_statement(known, now):
    """Neither before a call nor after a good one, and there is no row either."""
    connector = known()
    with CaptureQueriesContext(connection) as used:
        assert health.admit(connector, 50, cost=2, now=now).passed == 50
        health.enter(connector, clock=lambda: now)
        with health.watch(connector, clock=lambda: now):
            pass
    assert not used.captured_queries
    assert not Breaker.objects.exists()


def test_five_failures_in_a_row_open_it_for_everybody(known, now):
    """Another process that reads the row knows, and is told until when; there is one event."""
    fail(known(), 5, now)
    other = known()
    assert other.breaker.circuit == Circuit.OPEN
    assert other.breaker.error == "status 500"
    assert kinds() == ["breaker.opened"]
    with pytest.raises(Away, match=r"'ledger' is not being called until 09:00:05 UTC") as raised:
        health.enter(other, clock=lambda: now)
    assert raised.value.until == now + timedelta(seconds=5)


def test_a_success_in_between_starts_the_count_anew(known, now):
    """It was not five in a row."""
    fail(known(), 4, now)
    health.note(known(), answered=True, now=now)
    fail(known(), 4, now)
    assert known().breaker.circuit == Circuit.CLOSED


@pytest.mark.parametrize("error", [Unreachable("x"), Unproven("x"), BadAnswer("x")])
def test_what_counts_as_a_failure(known, now, error):
    """No usable answer."""
    connector = known()
    with pytest.raises(type(error)), health.watch(connector, clock=lambda: now):
        raise error
    assert known().breaker.failures == 1


@pytest.mark.parametrize("error", [Refused("no"), Stopped("kill switch"), RuntimeError("our bug")])
def test_what_does_not(known, now, error):
    """A refusal is an answer, and what was never sent says nothing."""
    with pytest.raises(type(error)), health.watch(known(), clock=lambda: now):
        raise error
    assert not Breaker.objects.filter(failures__gt=0).exists()


def test_a_refusal_closes_a_breaker_that_is_being_probed(known, now):
    """The back end answers again, even if it says no."""
    fail(known(), 5, now)
    later = now + timedelta(seconds=6)
    connector = known()
    health.enter(connector, clock=lambda: later)
    with pytest.raises(Refused), health.watch(connector, clock=lambda: later):
        raise Refused("no")
    assert known().breaker.circuit == Circuit.CLOSED
    assert kinds() == ["breaker.opened", "breaker.closed"]


def test_exactly_one_of_many_may_probe(known, now):
    """Eight processes ask in the same moment."""
    fail(known(), 5, now)
    later, passed, gate = now + timedelta(seconds=6), [], threading.Barrier(8)

    def ask() -> None:
        connector = known()
        gate.wait()
        passed.append(health.admit(connector, 1, cost=2, now=later).passed)
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [0] * 7 + [1]


def test_a_failure_is_noted_though_its_transaction_is_rolled_back(known, now):
    """An API request that fails is undone; that the back end was away is not forgotten."""
    connector = known()
    watched = health.watch(connector, clock=lambda: now)
    with pytest.raises(Unreachable), transaction.atomic(), watched:
        raise Unreachable("connection refused")
    assert known().breaker.failures == 1


def test_inside_a_transaction_the_row_is_not_held(known, now, connector):
    """A reader in a long transaction does not keep workers from the breaker."""
    Connector.objects.update(calls_per_second=5)
    with transaction.atomic():
        health.enter(known(), clock=lambda: now)
        found = []

        def other() -> None:
            found.append(health.admit(known(), 1, cost=1, now=now, wait=False).passed)
            connections.close_all()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert found == [0]  # the tokens are used up, but the row was free to be asked
    assert known().breaker.tokens == pytest.approx(1)


def test_a_rate_holds_for_all_together(known, now):
    """Ten calls a second: two tokens, then as many as flow in."""
    Connector.objects.update(calls_per_second=10)
    assert health.admit(known(), 5, cost=2, now=now).passed == 1
    refused = health.admit(known(), 5, cost=2, now=now)
    assert (refused.passed, refused.until) == (0, now + timedelta(seconds=0.2))
    assert health.admit(known(), 5, cost=2, now=refused.until).passed == 1
    with pytest.raises(Busy):
        health.enter(known(), clock=lambda: refused.until, patient=False)


def test_it_can_be_closed_by_hand(known, now):
    """Once, by somebody who is named in the log."""
    fail(known(), 5, now)
    assert health.reset(known(), by="user:olga", now=now)
    assert not health.reset(known(), by="user:olga", now=now)
    assert known().breaker.circuit == Circuit.CLOSED
    assert Event.objects.get(kind="breaker.closed").actor == "user:olga"


def test_a_look_at_a_back_end_that_is_away_fails_at_once(known, now, workspace):
    """Nothing is sent, and the caller knows until when."""
    fail(known(), 5, now)
    Breaker.objects.update(probe_at=now + timedelta(days=3650))
    params = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "1.00"}
    with pytest.raises(Away):
        queries.look(queries.connector_for(workspace.pk, "set_price"), "set_price", params)
