"""Which due executions are claimed while a connector is not in order, or has a rate."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.gateway import clients, health, operations, switches
from apps.gateway.connectors.gate import ask_first
from apps.gateway.errors import Throttled, Unproven, Unreachable
from apps.gateway.models import (
    ActionSetting,
    Breaker,
    Circuit,
    Connector,
    Execution,
    State,
    WhenAway,
)
from apps.gateway.operations import breakers
from apps.gateway.operations.outcome import AWAY, MAX_ATTEMPTS
from apps.proposals import operations as proposals
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


@pytest.fixture
def due(cast, connector, policy, workspace, now):
    """Makes so many due executions."""

    def make(count: int) -> None:
        for _ in range(count):
            propose(workspace, "5", now=now)

    return make


@pytest.fixture
def client(connector):
    """The connector's client, to be made to misbehave."""
    return clients.client_of(connector)


def open_it(connector, now):
    for _ in range(5):
        health.note(connector, answered=False, error="away", now=now)


def execute(now):
    return proposals.execute(worker="w", clock=lambda: now)


def states():
    return sorted(Execution.objects.values_list("state", flat=True))


def test_the_hot_path_asks_nothing_more(due, now, connector):
    """A claim is one read and one write, as without breakers."""
    due(3)
    with CaptureQueriesContext(connection) as used:
        assert len(operations.claim(worker="w", now=now, limit=50)) == 3
    statements = [q["sql"] for q in used if q["sql"].startswith(("SELECT", "UPDATE"))]
    assert len(statements) == 2, statements


def test_nothing_is_claimed_while_it_is_open_then_one_probe(due, now, connector):
    """One execution per interval; its success lets all the others go."""
    due(4)
    open_it(connector, now)
    assert operations.claim(worker="w", now=now, limit=50) == []
    assert breakers.turn(now=now) == 5
    later = now + 5 * SECOND
    [probe] = operations.claim(worker="w", now=later, limit=50)
    assert operations.claim(worker="other", now=later, limit=50) == []
    operations.carry_out(
        [probe], permit=lambda them: {e.pk for e in them}, worker="w", clock=lambda: later
    )
    assert Breaker.objects.get().circuit == Circuit.CLOSED
    assert execute(later) == 3
    assert states() == [State.DONE] * 4


def test_a_probe_that_changed_nothing_is_no_attempt(due, now, connector, client, monkeypatch):
    """No limit of attempts counts it, and what waits keeps its turn until the shop is well."""
    due(2)
    open_it(connector, now)
    probes = []

    def take_nothing(action, params, **more):
        probes.append(params["variant_id"])
        ask_first()
        raise Unreachable("429")

    monkeypatch.setattr(client, "perform", take_nothing)
    at = now
    for _ in range(2 * MAX_ATTEMPTS):
        at += timedelta(minutes=5)
        assert execute(at) == 1
        assert execute(at) == 0
    assert len(set(probes)) == 1
    assert set(Execution.objects.values_list("state", "attempts")) == {(State.DUE, 0)}
    monkeypatch.undo()
    at += timedelta(minutes=5)
    assert [execute(at), execute(at)] == [1, 1]
    assert states() == [State.DONE] * 2


def test_what_was_never_sent_is_no_attempt(due, now, client, monkeypatch):
    """The shop falls ill between the look before an intent and the one before the write."""
    due(1)

    def not_even_begun(action, params, **more):
        raise Unreachable("connection refused")

    monkeypatch.setattr(client, "perform", not_even_begun)
    for pause in range(MAX_ATTEMPTS - 1):
        assert execute(now + pause * AWAY) == 1
    assert Breaker.objects.get().circuit == Circuit.CLOSED
    row = Execution.objects.get()
    assert (row.state, row.attempts, row.not_before) == (State.DUE, 0, now + (pause + 1) * AWAY)


def test_what_was_sent_and_not_taken_is_an_attempt(due, now, client, monkeypatch):
    """Control: the connection is refused right at the write."""
    due(1)

    def turn_away(action, params, **more):
        ask_first()
        raise Unreachable("connection refused")

    monkeypatch.setattr(client, "perform", turn_away)
    assert execute(now) == 1
    assert Execution.objects.get().attempts == 1


@pytest.mark.parametrize("asked", [None, timedelta(0), timedelta(seconds=90)])
def test_what_the_shops_own_rate_turns_away_is_no_attempt(
    due, now, client, monkeypatch, settings, asked
):
    """Its breaker is closed, and it says 429: each waits as long as it is asked to, in its turn."""
    settings.GATEWAY_BREAKER_FAILURES = 1000
    due(2)
    calls = []

    def turn_away(action, params, **more):
        calls.append(params["variant_id"])
        ask_first()
        raise Throttled("429", pause=asked)

    monkeypatch.setattr(client, "perform", turn_away)
    pause = {None: AWAY, timedelta(0): SECOND}.get(asked, asked)
    at = now
    for _ in range(2 * MAX_ATTEMPTS):
        while execute(at):
            pass
        assert set(Execution.objects.values_list("state", "attempts")) == {(State.DUE, 0)}
        at = max(Execution.objects.values_list("not_before", flat=True))
        assert at >= now + pause
    assert len(calls) >= 2 * MAX_ATTEMPTS
    monkeypatch.undo()
    while execute(at):
        pass
    assert states() == [State.DONE] * 2
    assert set(Execution.objects.values_list("attempts", flat=True)) == {1}


def test_a_probe_waits_as_long_as_the_shop_asks(due, now, connector, client, monkeypatch):
    """Its breaker has an end of its own, but the shop has said what it wants."""
    due(1)
    open_it(connector, now)
    at = now + timedelta(minutes=5)

    def turn_away(action, params, **more):
        ask_first()
        raise Throttled("429", pause=timedelta(minutes=30))

    monkeypatch.setattr(client, "perform", turn_away)
    assert execute(at) == 1
    row = Execution.objects.get()
    assert (row.attempts, row.not_before) == (0, at + timedelta(minutes=30))


def test_a_look_waits_as_long_as_the_shop_asks(due, now, client, monkeypatch):
    """The target is not looked at again before."""
    due(1)

    def turn_away(action, params):
        raise Throttled("429", pause=timedelta(minutes=30))

    monkeypatch.setattr(client, "snapshot", turn_away)
    assert execute(now) == 1
    assert Execution.objects.get().not_before == now + timedelta(minutes=30)


def test_what_a_switch_holds_back_besides_is_not_given_back(due, now, connector, workspace):
    """An action that goes to a person while the shop is away: only once the switch is released."""
    due(1)
    open_it(connector, now)
    action = Execution.objects.get().action
    ActionSetting.objects.create(workspace=workspace, action=action, when_away=WhenAway.PERSON)
    switch = switches.engage(workspace=workspace, scope="workspace", target="", reason="r",
                             by="user:x", now=now)  # fmt: skip
    execute(now)
    assert states() == [State.DUE]
    switches.release(switch=switch, by="user:x", now=now)
    execute(now)
    assert states() == [State.STALE]


def test_other_connectors_go_on(due, now, connector, workspace, ledger_url):
    """What is due behind a thousand blocked ones is claimed at once."""
    due(3)
    open_it(connector, now)
    other = Connector.objects.create(
        workspace=workspace, name="other", kind="null", address=ledger_url, changed_at=now
    )
    newest = Execution.objects.latest("id")
    Execution.objects.filter(pk=newest.pk).update(connector=other)
    [claimed] = operations.claim(worker="w", now=now, limit=1)
    assert claimed.pk == newest.pk


def test_after_a_failure_one_goes_first(due, now, client, monkeypatch):
    """A batch stops at its first failure; then they go one at a time until one succeeds."""
    due(8)
    monkeypatch.setattr(type(client), "burst", 1)
    calls = []

    def refuse_connection(action, params):
        calls.append(params)
        raise Unreachable("connection refused")

    monkeypatch.setattr(client, "snapshot", refuse_connection)
    while execute(now):
        pass
    assert len(calls) == 5
    assert Breaker.objects.get().circuit == Circuit.OPEN
    assert states() == [State.DUE] * 8
    monkeypatch.undo()
    assert execute(now) == 0
    later = now + 20 * SECOND
    while execute(later):
        pass
    assert states() == [State.DONE] * 8


def test_unproven_calls_open_it_and_are_read_back_one_at_a_time(
    due, now, client, monkeypatch, settings
):
    """The re-reads before them succeed, and do not hide it; a read-back is a probe too."""
    due(6)
    monkeypatch.setattr(type(client), "burst", 1)

    def fail(*args, **kwargs):
        raise Unproven("status 500")

    monkeypatch.setattr(client, "perform", fail)
    while execute(now):
        pass
    assert states() == [State.DUE] + [State.UNKNOWN] * 5
    at = now + timedelta(seconds=settings.GATEWAY_DOUBT_SECONDS + 1)

    def refuse_connection(*args, **kwargs):
        raise Unreachable("connection refused")

    monkeypatch.setattr(client, "find_effect", refuse_connection)
    assert operations.reconcile(clock=lambda: at) == 1
    assert operations.reconcile(clock=lambda: at) == 0
    assert Breaker.objects.get().failures == 6
    monkeypatch.undo()
    for minutes in (10, 11, 12):
        after = at + timedelta(minutes=minutes)
        while operations.reconcile(clock=lambda at=after: at) or execute(after):
            pass
    assert states() == [State.DONE] * 6


def test_a_rate_admits_as_many_as_there_are_tokens_for(due, now, connector):
    """Twenty calls a second: two executions at once (four tokens), then one every tenth."""
    due(5)
    Connector.objects.update(calls_per_second=20)
    assert execute(now) == 2
    assert execute(now) == 0
    assert breakers.turn(now=now) == pytest.approx(0.1)
    assert execute(now + SECOND / 10) == 1
    assert execute(now + SECOND) == 2  # no burst for what was not used


def test_an_action_may_go_to_a_person_instead_of_waiting(due, now, connector, workspace):
    """It is given back without a call; other actions wait."""
    due(2)
    Execution.objects.filter(pk=Execution.objects.latest("id").pk).update(action="set_stock")
    ActionSetting.objects.create(workspace=workspace, action="set_price", when_away=WhenAway.PERSON)
    assert operations.claim(worker="w", now=now, limit=0) == []
    open_it(connector, now)
    assert execute(now) == 0
    assert states() == [State.DUE, State.STALE]
    proposals.reconsider(now=now)
    back = Execution.objects.get(state=State.STALE)
    assert back.error == health.GIVEN_BACK
    assert back.reported


def test_what_a_worker_died_with_is_probed_alone(due, now, connector):
    """It may be what kills; the others are not drawn into it."""
    due(3)
    Connector.objects.update(calls_per_second=100)
    first = Execution.objects.earliest("id")
    Execution.objects.filter(pk=first.pk).update(deliveries=1)
    [alone] = operations.claim(worker="w", now=now, limit=50)
    assert alone.pk == first.pk
    assert len(operations.claim(worker="w", now=now + SECOND, limit=50)) == 2
