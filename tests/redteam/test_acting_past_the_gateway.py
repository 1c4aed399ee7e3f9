"""Acting past the gateway at run time: with a client got by a trick, or an execution made by hand.

The ledger of the null connector is written past every transaction: a line in it is an effect.
"""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from apps.gateway import clients, readers
from apps.gateway.connectors import registry
from apps.gateway.connectors.gate import NoGateOpen, guarded
from apps.gateway.models import Execution, Grant, State
from apps.gateway.operations import attempt
from apps.proposals import operations as proposals
from tests.factories.proposals import price_change, propose

pytestmark = pytest.mark.django_db(transaction=True)
PARAMS = price_change("7")[1]


@pytest.fixture
def lines(ledger_url) -> Callable[[], int]:
    """How many effects there are."""

    def count() -> int:
        with psycopg.connect(ledger_url) as ledger:
            if ledger.execute("SELECT to_regclass('null_ledger')").fetchone() == (None,):
                return 0
            return ledger.execute("SELECT count(*) FROM null_ledger").fetchone()[0]

    return count


def test_what_reads_cannot_act(connector):
    """What is handed out for reading has nothing to act with."""
    reader = readers.reader_of(connector)
    for name in ("perform", "steps", "close", "_api"):
        assert not hasattr(reader, name)


@pytest.mark.parametrize("trick", [
    clients.client_of,
    lambda connector: readers.reader_of(connector)._client,
    lambda connector: registry.build(
        "null", address=connector.address, secret="", settings={}),
], ids=["the executor's client", "out of a reader", "built anew"])  # fmt: skip
def test_a_client_by_whatever_trick_sends_nothing(connector, lines, trick):
    """An agent or a page that performs is refused at the gate."""
    with pytest.raises(NoGateOpen):
        trick(connector).perform("set_price", PARAMS, key="k", snapshot={"amount": "0.00"})
    assert lines() == 0


def test_control_with_a_gate_opened_for_it_the_same_call_acts(connector, lines):
    """Control: it is the gate that stopped it."""
    with guarded(lambda: None):
        clients.client_of(connector).perform(
            "set_price", PARAMS, key="k", snapshot={"amount": "0.00"}
        )
    assert lines() == 1


def by_hand(workspace, connector, now, **more) -> Execution:
    """An execution nobody approved."""
    return Execution(
        workspace=workspace, connector=connector, subject_id=workspace.pk, binding="0" * 64,
        key="f" * 64, action="set_price", params=PARAMS, target="variant:x",
        snapshot={"amount": "0.00"}, not_before=now, created_at=now, **more,
    )  # fmt: skip


def test_an_execution_made_by_hand_is_not_called(cast, policy, connector, workspace, now, lines):
    """No approval names it."""
    by_hand(workspace, connector, now).save()
    proposals.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get().state == State.STALE
    assert lines() == 0


@pytest.mark.parametrize("change", [
    {"params": {**PARAMS, "amount": "9"}}, {"action": "send_message"}, {"key": "e" * 64},
    {"binding": "0" * 64}, {"run_id": "019352e4-0000-7000-8000-000000000000"},
], ids=lambda change: next(iter(change)))  # fmt: skip
def test_an_approved_execution_made_into_another_is_not_called(
    cast, policy, connector, workspace, now, lines, change
):
    """Its approval and its grant are for what was approved."""
    propose(workspace, "5", now=now)
    Execution.objects.update(**change)
    proposals.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get().state != State.DONE
    assert lines() == 0


def test_a_second_execution_of_an_approved_change_finds_no_grant(
    cast, policy, connector, workspace, now, lines
):
    """Also with a copy of the grant of the first: it is sealed for that one."""
    propose(workspace, "5", now=now)
    proposals.execute(worker="w", clock=lambda: now)
    first = Execution.objects.get()
    copied = Execution.objects.get(pk=first.pk)
    copied.pk, copied.key, copied.state, copied.receipt = workspace.pk, "d" * 64, State.DUE, None
    copied.save(force_insert=True)
    grant = Grant.objects.get(execution=first)
    grant.pk, grant.execution_id, grant.consumed_at = workspace.pk, copied.pk, None
    grant.save(force_insert=True)
    proposals.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get(pk=copied.pk).state == State.STALE
    assert lines() == 1


@pytest.mark.parametrize("lease", [None, -1], ids=["nobody holds it", "its lease is over"])
def test_an_execution_nobody_holds_is_not_called_even_by_the_executor(
    connector, workspace, now, lines, lease
):
    """One passed straight to the call, past claim and intent."""
    until = lease and now + timedelta(seconds=lease)
    made = by_hand(workspace, connector, now, state=State.CALLING, lease_until=until, worker="w")
    outcome = attempt.call(
        clients.client_of(connector), made, looked_at=float("inf"), clock=lambda: now
    )
    assert (outcome.state, outcome.error) == (State.DUE, attempt.HELD_UP)
    assert lines() == 0
