"""kill -9 at every step of an undo: set back exactly once, and nothing stays open."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connections

from apps.accounts.models import Workspace
from apps.audit import failpoints
from apps.audit.models import Event
from apps.gateway import clients
from apps.gateway import operations as doing
from apps.gateway.records import Variant
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import AlreadyDecided
from tests.conftest import Cast
from tests.contract.shops import Shop
from tests.factories.undoing import Propose, price_now, priced, states

pytestmark = pytest.mark.django_db(transaction=True)


def killed(point: str, act: Callable[[], object]) -> bool:
    """Fork a process that acts, and dies when it reaches the point."""
    clients.forget_all()
    connections.close_all()
    child = os.fork()
    if child == 0:
        failpoints.arm(point)
        try:
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize(
    "point",
    ["before_submission", "undo_submitted", "before_intent", "after_intent", "after_call",
     "settle_compensated", "before_settlement"],
)  # fmt: skip
def test_a_process_that_dies_while_undoing_loses_and_doubles_nothing(
    workspace: Workspace, world: Cast, variants: list[Variant], do: Propose, now: datetime,
    shop: Shop, point: str,
) -> None:  # fmt: skip
    """Asked for again, it is set back exactly once, whatever the moment of death."""
    variant = variants[22]
    done = do(priced(variant))
    lines = len(shop.get("/demo/ledger"))

    def act() -> None:
        try:
            operations.undo(proposal_id=done.pk, user=world.rita, reason="A slip.", now=now)
        except AlreadyDecided:
            assert Proposal.objects.exclude(pk=done.pk).exists()
        carry_on(now)

    assert killed(point, act)
    lease = timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
    act()
    carry_on(now + lease)
    carry_on(now + 2 * lease)

    done.refresh_from_db()
    assert (done.state, states(done)) == (State.UNDONE, ["compensated"])
    assert price_now(workspace, variant) == variant.prices["EUR"]
    assert len(shop.get("/demo/ledger")) == lines + 1
    assert Event.objects.filter(kind="execution.compensated").count() == 1
    assert Proposal.objects.exclude(pk=done.pk).get().state == State.DONE


def carry_on(at: datetime) -> None:
    """What tasks and sweeper do."""
    for _ in range(3):
        doing.reconcile(clock=lambda: at)
        operations.execute(worker="w", clock=lambda: at)
        operations.settle(now=at)
        operations.unwind(now=at)
