"""From approval to effect, through the gateway's own steps and a real ledger."""

from datetime import timedelta

import psycopg
import pytest

from apps.gateway import operations as gateway
from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.models import State
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock(now):
    return lambda: now


@pytest.fixture
def ledger(ledger_url):
    """Reads the back end's own ledger."""

    def rows():
        with psycopg.connect(ledger_url) as connection:
            return connection.execute("SELECT key, params->>'amount' FROM null_ledger").fetchall()

    yield rows
    with psycopg.connect(ledger_url) as connection:
        connection.execute("DROP TABLE IF EXISTS null_ledger")


@pytest.fixture
def world(cast, connector, policy):
    return cast


def test_an_approved_change_reaches_the_back_end_once(world, workspace, now, clock, ledger):
    """One line in the ledger, a receipt, and the proposal done."""
    proposal = propose(workspace, "50", now=now)
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    assert operations.execute(worker="w", clock=clock) == 1
    assert operations.execute(worker="w", clock=clock) == 0
    operations.settle(now=now)
    proposal.refresh_from_db()
    execution = Execution.objects.get()
    assert proposal.state == State.DONE
    assert ledger() == [(execution.key, "50.00")]
    assert execution.receipt["after"] == {"amount": "50.00"}


def test_changes_run_in_order(world, workspace, now, clock, ledger):
    """The second change is scheduled after the first is proven done."""
    proposal = propose(workspace, "5", "6", now=now)
    assert Execution.objects.count() == 1
    for _ in range(2):
        operations.execute(worker="w", clock=clock)
        operations.settle(now=now)
    proposal.refresh_from_db()
    assert proposal.state == State.DONE
    assert [amount for _, amount in ledger()] == ["5.00", "6.00"]


def test_a_policy_published_between_approval_and_call_voids_it(
    world, workspace, now, clock, ledger, policy
):
    """Nothing is called; the proposal waits again and says what changed."""
    proposal = propose(workspace, "50", now=now)
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    version = policies.draft(workspace=workspace, name="Guardrails", rules=policy.rules,
                             limits={"auto_up_to": 1, "most": 1000}, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    operations.execute(worker="w", clock=clock)
    operations.reconsider(now=now)
    proposal.refresh_from_db()
    assert Execution.objects.get().state == ExecutionState.STALE
    assert (proposal.state, proposal.returned[0]["field"]) == (State.WAITING, "policy")
    assert proposal.revision == 2
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    operations.execute(worker="w", clock=clock)
    assert len(ledger()) == 1


def test_a_shop_that_changed_meanwhile_voids_the_approval(world, workspace, now, clock, ledger):
    """The target is read again before the call; a difference stops it and is shown."""
    proposal = propose(workspace, "50", now=now)
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    seen_then = {"amount": "1.00"}
    Execution.objects.update(snapshot=seen_then)
    proposal.changes.update(before=seen_then)
    operations.execute(worker="w", clock=clock)
    operations.reconsider(now=now)
    proposal.refresh_from_db()
    assert proposal.state == State.WAITING
    assert proposal.returned == [{"field": "amount", "before": "1.00", "after": "0.00"}]


def test_two_workers_do_not_share_an_execution(world, workspace, now, clock):
    """What one has claimed the other does not get."""
    propose(workspace, "5", now=now)
    assert len(gateway.claim(worker="a", now=now, limit=10)) == 1
    assert gateway.claim(worker="b", now=now, limit=10) == []


def test_an_overdue_proposal_expires_and_is_not_done(world, workspace, now):
    """Nobody decided: the action is not done and the target is free."""
    proposal = propose(workspace, "50", now=now)
    assert operations.expire(now=now + timedelta(hours=71)) == 0
    assert operations.expire(now=now + timedelta(hours=73)) == 1
    proposal.refresh_from_db()
    assert proposal.state == State.EXPIRED
    with pytest.raises(operations.AlreadyDecided):
        operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                           now=now)  # fmt: skip
