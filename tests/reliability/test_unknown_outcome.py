"""The shop acts and then answers nonsense: never a success without proof, never a second effect."""

from datetime import timedelta

import pytest

from apps.gateway import queries as gateway
from apps.gateway.errors import CannotTell
from apps.gateway.models import Execution, State
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft
from tests.factories.proposals import AGENT
from tests.reliability.conftest import sweep
from tests.reliability.test_crash_matrix import ledger, refund, refundable

pytestmark = pytest.mark.django_db(transaction=True)

FAULTS = {
    "act_then_fail": 1,  # the effect is there, the answer is 500
    "act_then_reset": 1,  # the effect is there, the connection is cut
    "garbage": 1,  # the effect is there, the answer is not JSON
    "error": 1,  # nothing happened, the answer is 500: indistinguishable at first
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unproven_outcome_is_read_back(
    cast, policy, shop, shop_connector, workspace, now, say, fault
):
    """First unknown, then proven by read-back; exactly one line in the shop's ledger."""
    rounds = 5
    for payment in refundable(workspace, rounds):
        proposal = refund(workspace, payment, now)
        shop.misbehave(fault, times=1, path="/refund$")
        proposals.execute(worker="w", clock=lambda: now)
        execution = Execution.objects.latest("id")
        assert execution.state == State.UNKNOWN, execution.error
        proposals.settle(now=now)
        proposal.refresh_from_db()
        assert proposal.state == "approved"  # neither success nor failure is claimed
        sweep(now + timedelta(seconds=1))
    seen = ledger(shop)
    say(f"unknown outcome, {fault}: {rounds} calls, {len(seen)} effects, "
        f"{sum(seen.values()) - len(seen)} duplicated")  # fmt: skip
    assert set(seen.values()) == {1}
    assert len(seen) == rounds
    assert not Execution.objects.exclude(state=State.DONE).exists()
    assert not Proposal.objects.exclude(state="done").exists()


def test_a_back_end_that_cannot_tell_is_shown_to_a_person(
    cast, policy, shop, shop_connector, workspace, now, monkeypatch
):
    """Without proof either way a person is asked, and the target stays taken."""

    def shrug(*args, **kwargs):
        raise CannotTell("The shop does not say.")

    monkeypatch.setattr(type(gateway.client_of(shop_connector)), "find_effect", shrug)
    proposal = refund(workspace, refundable(workspace, 1)[0], now)
    shop.misbehave("act_then_fail", times=1, path="/refund$")
    proposals.execute(worker="w", clock=lambda: now)
    sweep(now)
    proposal.refresh_from_db()
    assert Execution.objects.get().state == State.NEEDS_PERSON
    assert proposal.state == "needs_person"
    assert proposal.changes.get().is_open


def test_an_execution_that_was_tampered_with_is_not_called(
    cast, policy, shop, shop_connector, workspace, now
):
    """Other parameters than the approved ones no longer fit the binding."""
    proposal = refund(workspace, refundable(workspace, 1)[0], now)
    params = {**Execution.objects.get().params, "amount": "0.20"}
    Execution.objects.update(params=params)
    proposal.changes.update(params=params)
    proposals.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get().state == State.STALE
    assert not ledger(shop)


def test_a_refusal_is_a_refusal(cast, shop, shop_connector, workspace, now):
    """A fulfilled order cannot be cancelled: the shop says so, and the proposal has failed."""
    rule = {"name": "all", "when": "true", "outcome": "allow", "reason": "test"}
    version = policies.draft(
        workspace=workspace, name="All", rules=[rule], limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)
    fulfilled = next(
        order
        for order in gateway.read(workspace.pk, "orders")
        if order.fulfillment_status not in ("not_fulfilled", "canceled")
        and order.status != "canceled"
    )
    draft = Draft(title="cancel", rationale="r",
                  changes=[("cancel_order", {"order_id": fulfilled.order_id})])  # fmt: skip
    [proposal] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None
    proposals.execute(worker="w", clock=lambda: now)
    proposals.settle(now=now)
    proposal.refresh_from_db()
    assert Execution.objects.get().state == State.REFUSED
    assert proposal.state == "failed"


def test_a_shop_that_is_down_is_tried_again_later(
    cast, policy, shop, shop_connector, workspace, now
):
    """Nothing was sent, so nothing is unknown: the execution stays due."""
    refund(workspace, refundable(workspace, 1)[0], now)
    shop.process.kill()
    shop.process.wait()
    proposals.execute(worker="w", clock=lambda: now)
    execution = Execution.objects.get()
    assert execution.state == State.DUE
    assert execution.not_before > now
    assert execution.attempts == 0
