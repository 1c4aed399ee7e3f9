"""kill -9 of a worker in every stage of a run: nothing lost, nothing proposed twice."""

import os
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.leases import LEASE
from apps.agents.models import Handled, Run, State
from apps.audit import failpoints
from apps.audit.models import Event
from apps.gateway import clients
from apps.memory.models import Item
from apps.proposals.models import Proposal
from tests.contract.shops import Shop
from tests.factories import agents as make

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = 8


def killed(point: str, nth: int, now: datetime) -> bool:
    """Fork a worker that drives the run and dies when it reaches the point the n-th time."""
    clients.forget_all()
    connections.close_all()
    child = os.fork()
    if child == 0:
        failpoints.arm(point, nth)
        try:
            make.drive(lambda: now)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("point", ["before_checkpoint", "after_checkpoint"])
def test_a_killed_worker_loses_and_doubles_nothing(
    workspace: Workspace, shop: Shop, point: str, nth: int
) -> None:
    """Stages sense, plan, act, learn are the first to fourth step; another worker takes over."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    agent = make.agent(workspace, "repricing", now, settings={"batch": BATCH})
    run = operations.start(agent=agent, trigger="schedule", by="clock", now=now)
    if nth == 4:  # learn comes once everything is closed
        make.drive(lambda: now)
        Proposal.objects.update(state="expired")
        nth = 1
    assert killed(point, nth, now)
    later = now + LEASE + timedelta(seconds=1)
    make.drive(lambda: later)
    Proposal.objects.filter(state="waiting").update(state="expired")
    make.drive(lambda: later)
    run = Run.objects.get(pk=run.pk)
    assert run.state == State.DONE
    stages = list(run.steps.order_by("number").values_list("stage", flat=True))
    assert stages[:3] == ["sense", "plan", "act"]
    assert Event.objects.filter(kind="run.stepped", run_id=run.pk).count() == len(stages)
    proposed = list(Proposal.objects.filter(run_id=run.pk).values_list("case__sku", flat=True))
    assert len(proposed) == len(set(proposed)) == BATCH
    assert Handled.objects.filter(run=run).count() == BATCH
    assert Item.objects.filter(type="episode").count() == BATCH
