"""Taking an approval back: only what no worker has begun, and then nothing is called."""

import threading
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connections

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway import operations as gateway
from apps.gateway.configuration import configure_action
from apps.gateway.models import Execution, Grant
from apps.gateway.models import State as ExecutionState
from apps.policies.models import Version
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import AlreadyDecided, NotAuthorised, TooLate
from tests.conftest import Cast
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db(transaction=True)

HOLD = 30


@pytest.fixture
def world(cast: Cast, connector: Any, policy: Version, workspace: Workspace, now: datetime) -> Cast:
    """Approvals of prices are held for half a minute."""
    configure_action(workspace=workspace, action="set_price", hold_seconds=HOLD,
                     when_away="wait", by="test", now=now)  # fmt: skip
    return cast


@pytest.fixture
def held(world: Cast, workspace: Workspace, now: datetime) -> Proposal:
    """A price Rita has approved a moment ago."""
    proposal = propose(workspace, 50, now=now)
    return operations.approve(
        proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now
    )


def lines(ledger_url: str) -> int:
    """How many effects the ledger holds."""
    with psycopg.connect(ledger_url) as ledger:
        if ledger.execute("SELECT to_regclass('null_ledger')").fetchone() == (None,):
            return 0
        row = ledger.execute("SELECT count(*) FROM null_ledger").fetchone()
    return int(row[0]) if row else 0


def test_what_is_taken_back_is_never_called(
    world: Cast, held: Proposal, now: datetime, ledger_url: str
) -> None:
    """It waits again as a new revision, its grant is withdrawn, and the shop hears nothing."""
    earlier = held.binding
    operations.take_back(proposal_id=held.pk, user=world.rita, now=now)
    held.refresh_from_db()
    assert (held.state, held.revision) == (State.WAITING, 2)
    assert held.binding != earlier
    assert held.returned == [
        {"field": "approval", "before": "given", "after": "taken back by Rita"}
    ]
    assert Execution.objects.get().state == ExecutionState.CANCELLED
    grant = Grant.objects.get()
    assert (grant.consumed_at, grant.revoked_at) == (None, now)
    later = now + timedelta(seconds=HOLD + 1)
    assert operations.execute(worker="w", clock=lambda: later) == 0
    operations.settle(now=later)
    assert lines(ledger_url) == 0
    kinds = Event.objects.filter(actor=world.rita.actor).values_list("kind", flat=True)
    assert {"execution.cancelled", "proposal.returned"} <= set(kinds)


def test_control_what_is_not_taken_back_is_called(held: Proposal, now: datetime) -> None:
    """The control arm: not before the window is over, and then once."""
    early, later = now + timedelta(seconds=HOLD - 1), now + timedelta(seconds=HOLD + 1)
    assert operations.execute(worker="w", clock=lambda: early) == 0
    assert operations.execute(worker="w", clock=lambda: later) == 1
    assert Execution.objects.get().state == ExecutionState.DONE


def test_it_can_be_approved_again(
    world: Cast, held: Proposal, now: datetime, ledger_url: str
) -> None:
    """On the new binding, with a key and a grant of its own; it is done once."""
    operations.take_back(proposal_id=held.pk, user=world.rita, now=now)
    held.refresh_from_db()
    operations.approve(proposal_id=held.pk, user=world.rita, binding=held.binding, now=now)
    later = now + timedelta(seconds=HOLD + 1)
    operations.execute(worker="w", clock=lambda: later)
    operations.settle(now=later)
    held.refresh_from_db()
    assert held.state == State.DONE
    assert lines(ledger_url) == 1
    assert sorted(Execution.objects.values_list("state", flat=True)) == ["cancelled", "done"]


def test_what_has_begun_is_too_late(world: Cast, held: Proposal, now: datetime) -> None:
    """From the moment a worker has claimed it."""
    later = now + timedelta(seconds=HOLD + 1)
    assert gateway.claim(worker="w", now=later, limit=1)
    with pytest.raises(TooLate, match="it is being carried out"):
        operations.take_back(proposal_id=held.pk, user=world.rita, now=later)
    held.refresh_from_db()
    assert held.state == State.APPROVED
    assert Execution.objects.get().state == ExecutionState.CLAIMED


def test_what_policy_approved_alone_can_be_taken_back(
    world: Cast, workspace: Workspace, now: datetime
) -> None:
    """By a reviewer; then a person decides it."""
    proposal = propose(workspace, 5, now=now)
    assert proposal.state == State.APPROVED
    operations.take_back(proposal_id=proposal.pk, user=world.jun, now=now)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.reviewers) == (State.WAITING, 1)


def test_who_may(world: Cast, held: Proposal, now: datetime) -> None:
    """Not a stranger, nor who could not approve it either; a second time there is nothing left."""
    for user in (world.mallory, world.jun, world.otto):
        with pytest.raises(NotAuthorised):
            operations.take_back(proposal_id=held.pk, user=user, now=now)
    operations.take_back(proposal_id=held.pk, user=world.olga, now=now)
    with pytest.raises(AlreadyDecided):
        operations.take_back(proposal_id=held.pk, user=world.olga, now=now)


def test_a_worker_and_a_person_in_the_same_moment(
    world: Cast, workspace: Workspace, now: datetime, ledger_url: str
) -> None:
    """Twenty races: either it is taken back and not called, or it is called and that is said."""
    later = now + timedelta(seconds=HOLD + 1)
    outcomes = []
    for number in range(20):
        proposal = propose(workspace, 20 + number, now=now)
        operations.approve(
            proposal_id=proposal.pk, user=world.rita, binding=proposal.binding, now=now
        )
        before, late = lines(ledger_url), race(proposal, world, later)
        proposal.refresh_from_db()
        called = lines(ledger_url) - before
        assert (late, called, proposal.state) in {
            (True, 1, State.APPROVED), (False, 0, State.WAITING),
        }  # fmt: skip
        outcomes.append(late)
    assert len(outcomes) == 20


def race(proposal: Proposal, world: Cast, at: datetime) -> bool:
    """A worker and Rita at once; whether she was too late."""
    barrier, late = threading.Barrier(2), []

    def work() -> None:
        barrier.wait()
        operations.execute(worker="w", clock=lambda: at)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    barrier.wait()
    try:
        operations.take_back(proposal_id=proposal.pk, user=world.rita, now=at)
    except TooLate:
        late.append(True)
    worker.join()
    return bool(late)
