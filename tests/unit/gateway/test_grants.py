"""Grants: minted with the decision, consumed with the intent, good for exactly one call."""

import logging
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings

from apps.gateway.connectors.null.client import NullClient
from apps.gateway.errors import Unreachable
from apps.gateway.models import ActionSetting, Execution, Grant, State
from apps.gateway.operations import grants
from apps.money.currency import written
from apps.proposals import operations as proposals
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def due(cast, policy, connector, workspace, now):
    """One execution that waits for its turn, with its grant."""
    propose(workspace, "5", now=now)
    return Execution.objects.get()


def run(now):
    """Let a worker look; the only execution as it stands then."""
    proposals.execute(worker="w", clock=lambda: now)
    return Execution.objects.get()


def test_a_decision_mints_what_the_intent_consumes(due, now):
    """One grant, for this connector, amount and task; used in the moment of the intent."""
    grant = due.grants.get()
    assert (grant.connector_id, grant.run_id, grant.minted_by) == (
        due.connector_id, due.run_id, "policy",
    )  # fmt: skip
    assert written(grant.amount, grant.currency) == "5.00"
    assert grant.expires_at == now + timedelta(seconds=settings.GATEWAY_GRANT_SECONDS)
    assert run(now).state == State.DONE
    assert due.grants.get().consumed_at == now


def test_without_a_grant_nothing_is_called(due, now):
    """An execution row alone is no permission."""
    Grant.objects.all().delete()
    execution = run(now)
    assert (execution.state, execution.attempts) == (State.STALE, 0)
    assert execution.error == grants.NONE_OPEN


def test_an_expired_grant_is_asked_for_anew(due, now, workspace):
    """The proposal goes back to a person and says why."""
    later = now + timedelta(seconds=settings.GATEWAY_GRANT_SECONDS)
    assert run(later).error == grants.EXPIRED
    proposals.reconsider(now=later)
    proposal = workspace.proposals.get()
    assert proposal.state == "waiting"
    assert "lapsed" in str(proposal.returned)


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "5.01"}},
        {"action": "set_stock"},
        {"key": "0" * 64},
    ],
)
def test_a_grant_covers_nothing_else(due, now, change):
    """Another amount, action or key than the one it was minted for."""
    Execution.objects.update(**change)
    due.refresh_from_db()
    assert grants.consume([due], now=now) == {due.pk: grants.OTHER}
    assert due.grants.get().consumed_at is None


@pytest.mark.parametrize("place", ["workspace_id", "connector_id", "run_id"])
@pytest.mark.parametrize("moved", [UUID(int=0), UUID(int=2**128 - 1)])
def test_a_grant_moved_elsewhere_covers_nothing(due, now, place, moved):
    """Nor one that names another workspace, connector or task, whichever sorts first."""
    run_of_call = UUID(int=2**127)
    due.run_id = run_of_call
    grant = due.grants.get()
    amount = written(grant.amount, grant.currency)
    grant.run_id = run_of_call
    grant.action_hash = grants.action_hash(
        due, amount=amount, currency=grant.currency, run_id=run_of_call
    )
    assert grants.fault_of(grant, due, now=now) == ""
    setattr(grant, place, moved)
    if place == "run_id":  # as if the seal were made for it, too
        grant.action_hash = grants.action_hash(
            due, amount=amount, currency=grant.currency, run_id=moved
        )
    assert grants.fault_of(grant, due, now=now) == grants.OTHER


def test_the_seal_covers_the_task(due):
    """A call of one run, of another and of none have different seals."""
    runs = (None, UUID(int=1), UUID(int=2))
    seals = {grants.action_hash(due, amount="5.00", currency="EUR", run_id=pk) for pk in runs}
    assert len(seals) == 3


def test_a_grant_is_good_until_the_moment_it_ends(due, now):
    """Not in that moment any more."""
    grant = due.grants.get()
    moment = timedelta(microseconds=1)
    assert grants.fault_of(grant, due, now=grant.expires_at - moment) == ""
    assert grants.fault_of(grant, due, now=grant.expires_at) == grants.EXPIRED
    assert grants.fault_of(grant, due, now=grant.expires_at + moment) == grants.EXPIRED


def test_what_is_not_called_is_logged_with_the_reason(due, now, caplog):
    """One line for each call that nothing permits, and none for a call that is."""
    with caplog.at_level(logging.WARNING, logger=grants.__name__):
        assert grants.consume([due], now=now) == {}
        assert not caplog.records
        assert grants.consume([due], now=now) == {due.pk: grants.NONE_OPEN}
    [line] = caplog.messages
    assert str(due.pk) in line
    assert grants.NONE_OPEN in line


def test_what_was_permitted_lasts_until_it_lapses_or_is_withdrawn(due, now):
    """Used or not: an effect that is asked for again may still take place."""
    end = due.grants.get().expires_at
    assert grants.lasts(due, now=now)
    grants.consume([due], now=now)
    assert grants.lasts(due, now=end - timedelta(microseconds=1))
    assert not grants.lasts(due, now=end)
    due.grants.update(revoked_at=now)
    assert not grants.lasts(due, now=now)


def test_only_what_was_used_is_given_back(due, now):
    """An open grant is not doubled, and one that is withdrawn stays so."""
    grants.renew([due.pk], now=now)
    assert due.grants.count() == 1
    grants.consume([due], now=now)
    grants.renew([due.pk], now=now)
    grants.renew([due.pk], now=now)
    assert due.grants.filter(consumed_at=None).count() == 1
    assert grants.revoke([due.pk], now=now) == 1
    assert grants.revoke([due.pk], now=now) == 0


def test_a_grant_written_past_the_product_opens_nothing(due, now):
    """The hash is sealed with the application's key."""
    due.grants.update(amount="6.00")
    assert run(now).error == grants.OTHER


def test_a_call_that_surely_did_not_happen_gives_its_permission_back(due, now, monkeypatch):
    """A second grant, good no longer than the first, used by the second attempt."""
    perform = NullClient.perform

    def away(*args, **kwargs):
        raise Unreachable("away")

    monkeypatch.setattr(NullClient, "perform", away)
    assert run(now).state == State.DUE
    first, second = due.grants.order_by("id")
    assert second.expires_at == first.expires_at
    assert (first.consumed_at, second.consumed_at) == (now, None)
    monkeypatch.setattr(NullClient, "perform", perform)
    assert run(now + timedelta(seconds=30)).state == State.DONE
    assert not Grant.objects.filter(consumed_at=None).exists()


def test_a_revoked_grant_is_used_up(due, now):
    """Withdrawn before the call: nothing is called."""
    assert grants.revoke([due.pk], now=now) == 1
    assert run(now).error == grants.NONE_OPEN


def test_a_hold_window_starts_the_call_and_the_grant_later(cast, policy, connector, workspace, now):
    """Held for a minute: not due before, and the grant lives from then on."""
    ActionSetting.objects.create(workspace=workspace, action="set_price", hold_seconds=60)
    propose(workspace, "5", now=now)
    assert run(now + timedelta(seconds=59)).state == State.DUE
    assert Grant.objects.get().expires_at == now + timedelta(
        seconds=60 + settings.GATEWAY_GRANT_SECONDS
    )
    assert run(now + timedelta(seconds=60)).state == State.DONE
