"""From approval to effect, through the gateway's own steps and a real ledger."""

from datetime import timedelta

import psycopg
import pytest
from uuid_utils.compat import uuid7

from apps.gateway import clients
from apps.gateway import operations as gateway
from apps.gateway.errors import Refused
from apps.gateway.models import Connector, Credential, Execution
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
            exists = connection.execute("SELECT to_regclass('null_ledger')").fetchone()
            if exists == (None,):
                return []
            query = "SELECT key, params->>'amount' FROM null_ledger ORDER BY at"
            return connection.execute(query).fetchall()

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


def half_done(world, workspace, now, clock, policy):
    """A proposal of two changes: the first is in the ledger, the second came back."""
    proposal = propose(workspace, "50", "60", now=now)
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now)
    operations.execute(worker="w", clock=clock)
    operations.settle(now=now)
    publish(workspace, policy, now, auto_up_to=1, most=1000)
    operations.execute(worker="w", clock=clock)
    operations.reconsider(now=now)
    proposal.refresh_from_db()
    assert proposal.state == State.WAITING
    return proposal


def publish(workspace, policy, now, **limits):
    version = policies.draft(workspace=workspace, name="Guardrails", rules=policy.rules,
                             limits=limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)


def test_what_is_half_done_never_ends_as_not_done(world, workspace, now, clock, ledger, policy):
    """Rejecting the rest of a change set leaves a case for a person, who can close it."""
    proposal = half_done(world, workspace, now, clock, policy)
    operations.reject(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                      reason="enough", now=now)  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == State.NEEDS_PERSON
    with pytest.raises(operations.InvalidDraft):
        operations.resolve(proposal_id=proposal.pk, user=world.rita, happened=True, reason="",
                           now=now)  # fmt: skip
    operations.resolve(proposal_id=proposal.pk, user=world.rita, happened=True,
                       reason="The first price stays.", now=now)  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == State.DONE
    assert not proposal.changes.filter(is_open=True).exists()


def test_half_done_and_expired_needs_a_person(world, workspace, now, clock, ledger, policy):
    """Nor does it expire as if nothing had happened."""
    proposal = half_done(world, workspace, now, clock, policy)
    operations.expire(now=now + timedelta(days=30))
    proposal.refresh_from_db()
    assert proposal.state == State.NEEDS_PERSON


def test_half_done_and_denied_needs_a_person(world, workspace, now, clock, ledger, policy):
    """A new policy that denies the rest does not deny what is done."""
    proposal = half_done(world, workspace, now, clock, policy)
    publish(workspace, policy, now, auto_up_to=1, most=2)
    with pytest.raises(operations.StaleApproval):
        operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                           now=now)  # fmt: skip
    proposal.refresh_from_db()
    assert proposal.state == State.NEEDS_PERSON


def test_what_is_done_cannot_be_edited(world, workspace, now, clock, ledger, policy):
    """Only the open changes of a proposal that came back are decided again."""
    proposal = half_done(world, workspace, now, clock, policy)
    first, second = proposal.changes.order_by("position")
    with pytest.raises(operations.InvalidDraft, match="carried out already"):
        operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                           now=now, edits={first.pk: {"amount": "70"}})  # fmt: skip
    operations.approve(proposal_id=proposal.pk, user=world.rita, binding=proposal.binding,
                       now=now, edits={second.pk: {"amount": "61"}})  # fmt: skip
    operations.execute(worker="w", clock=clock)
    operations.settle(now=now)
    proposal.refresh_from_db()
    assert proposal.state == State.DONE
    assert [amount for _, amount in ledger()] == ["50.00", "61.00"]


def test_a_target_that_is_gone_ends_the_proposal(world, workspace, now, clock, monkeypatch):
    """A stale execution whose target cannot be read any more does not wait for ever."""
    proposal = propose(workspace, "5", now=now)
    client = clients.client_of(proposal.changes.get().connector)

    def gone(action, params):
        raise Refused("There is no such variant.", code="not_found")

    monkeypatch.setattr(client, "snapshot", gone)
    operations.execute(worker="w", clock=clock)
    operations.reconsider(now=now)
    proposal.refresh_from_db()
    assert proposal.state == State.FAILED
    assert not proposal.changes.get().is_open


def test_a_connector_that_is_switched_off_is_not_called(
    world, workspace, now, clock, ledger, connector
):
    """Due work stays due, and goes on when it is switched on again."""
    propose(workspace, "5", now=now)
    Connector.objects.update(enabled=False)
    assert operations.execute(worker="w", clock=clock) == 0
    Connector.objects.update(enabled=True)
    assert operations.execute(worker="w", clock=clock) == 1
    assert len(ledger()) == 1


def test_a_connector_that_cannot_be_built_harms_only_itself(
    world, workspace, elsewhere, now, clock, ledger, connector, ledger_url
):
    """A secret no key opens: its work waits, the other connector's is done."""
    propose(workspace, "5", now=now)
    broken = Connector.objects.create(
        workspace=elsewhere, name="broken", kind="null", address=ledger_url, changed_at=now
    )
    Credential.objects.create(connector=broken, sealed=b"nonsense", rotated_at=now)
    execution = Execution.objects.get()
    execution.pk, execution.key = uuid7(), "other"
    execution.connector, execution.priority = broken, 9
    execution.save(force_insert=True)
    operations.execute(worker="w", clock=clock)
    states = dict(Execution.objects.values_list("connector__name", "state"))
    assert states == {"broken": ExecutionState.DUE, "ledger": ExecutionState.DONE}


def test_a_worker_held_up_after_its_intent_does_not_call(world, workspace, now, ledger):
    """Half a lease later another worker may be about to take over."""
    propose(workspace, "5", now=now)

    def clock():
        started = Execution.objects.filter(state=ExecutionState.CALLING).exists()
        return now + timedelta(hours=1) if started else now

    operations.execute(worker="w", clock=clock)
    assert Execution.objects.get().state == ExecutionState.DUE
    assert ledger() == []
