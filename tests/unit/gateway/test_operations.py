"""Leases, late outcomes and connectors that break: one execution never harms another."""

from datetime import timedelta

import psycopg
import pytest
from django.db import transaction

from apps.gateway import clients, operations
from apps.gateway.connectors.base import Receipt
from apps.gateway.models import Execution, State
from apps.gateway.operations.outcome import Outcome, finish
from apps.proposals import operations as proposals
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(cast, connector, policy):
    return cast


def all_of(executions):
    return {execution.pk for execution in executions}


def count_lines(ledger_url):
    with psycopg.connect(ledger_url) as connection:
        return connection.execute("SELECT count(*) FROM null_ledger").fetchone()[0]


def test_an_outcome_after_its_lease_was_taken_over_is_dropped(world, workspace, now):
    """The late worker neither overwrites nor reports; the new holder reads back."""
    propose(workspace, "5", now=now)
    [late] = operations.claim(worker="slow", now=now, limit=1)
    Execution.objects.update(state=State.CALLING)
    much_later = now + timedelta(hours=1)
    Execution.objects.update(worker="reconcile:x", state=State.UNKNOWN)
    receipt = Receipt(reference="r", after={})
    finish([Outcome(execution=late, state=State.DONE, receipt=receipt)], now=much_later)
    execution = Execution.objects.get()
    assert execution.state == State.UNKNOWN
    assert execution.receipt is None


def test_a_claim_that_lapsed_is_due_again_and_the_first_holder_may_not_call(
    world, workspace, now, ledger_url
):
    """The slow worker finds its claim gone before it calls."""
    propose(workspace, "5", now=now)
    slow = operations.claim(worker="slow", now=now, limit=1)
    later = now + timedelta(minutes=30)
    operations.reconcile(clock=lambda: later)
    assert proposals.execute(worker="quick", clock=lambda: later) == 1
    operations.carry_out(slow, permit=all_of, worker="slow", clock=lambda: later)
    assert Execution.objects.get().state == State.DONE
    assert count_lines(ledger_url) == 1


def test_a_connector_that_breaks_does_not_stop_the_others(
    world, workspace, now, ledger_url, connector, monkeypatch
):
    """A bug in one call is an unknown outcome of that one; the next is carried out."""
    propose(workspace, "5", now=now)
    propose(workspace, "6", now=now)
    client = clients.client_of(connector)
    perform = client.perform

    def break_once(action, params, **more):
        if params["amount"] == "5.00":
            raise RuntimeError("a bug in the connector")
        return perform(action, params, **more)

    monkeypatch.setattr(client, "perform", break_once)
    proposals.execute(worker="w", clock=lambda: now)
    states = dict(Execution.objects.values_list("params__amount", "state"))
    assert states == {"5.00": State.UNKNOWN, "6.00": State.DONE}


def test_urgent_work_is_claimed_first(world, workspace, now):
    """Priority before age."""
    propose(workspace, "5", now=now)
    propose(workspace, "6", now=now)
    Execution.objects.filter(params__amount="6.00").update(priority=9)
    [first] = operations.claim(worker="w", now=now, limit=1)
    assert first.params["amount"] == "6.00"


def test_what_is_not_yet_due_waits(world, workspace, now):
    """`not_before` is a column, not a delayed message."""
    propose(workspace, "5", now=now)
    Execution.objects.update(not_before=now + timedelta(minutes=1))
    assert operations.claim(worker="w", now=now, limit=1) == []
    assert len(operations.claim(worker="w", now=now + timedelta(minutes=1), limit=1)) == 1


def test_a_finished_execution_is_reported_once(world, workspace, now):
    """Two settlers share the work; none is told twice."""
    propose(workspace, "5", now=now)
    proposals.execute(worker="w", clock=lambda: now)
    with transaction.atomic():
        assert len(operations.take_finished(states=[State.DONE], limit=10)) == 1
    with transaction.atomic():
        assert operations.take_finished(states=[State.DONE], limit=10) == []
