"""Grants: minted with the decision, consumed with the intent, good for exactly one call."""

from datetime import timedelta

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
