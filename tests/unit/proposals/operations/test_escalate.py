"""Deadlines: sooner for high risk, and told once when they pass."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import Workspace
from apps.proposals import operations
from apps.proposals.deadlines import LIFETIME, due_at
from apps.proposals.models import Proposal
from apps.proposals.operations.restore import give_back, open_changes
from tests.conftest import Cast
from tests.factories.proposals import propose

from .conftest import Told

DUE = LIFETIME / 2


def test_the_deadline_comes_before_the_end(waiting: Proposal, now: datetime) -> None:
    """Half of the lifetime, a quarter at high risk."""
    assert waiting.due_at == now + DUE
    assert due_at("high", now=now) < due_at("medium", now=now) < waiting.expires_at


def test_who_is_late_is_told_of_once(waiting: Proposal, now: datetime, told: Told) -> None:
    """Not before the deadline, once after it, by the clock."""
    assert operations.escalate(now=now + DUE - timedelta(seconds=1)) == 0
    assert operations.escalate(now=now + DUE) == 1
    assert operations.escalate(now=now + DUE + timedelta(hours=1)) == 0
    [(_, actor, fields)] = told(waiting, "proposal.escalated")
    assert (actor, fields["due_at"]) == ("clock", (now + DUE).isoformat())


def test_what_is_decided_is_not_late(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Nobody is told of what is over."""
    operations.approve(proposal_id=waiting.pk, user=world.rita, binding=waiting.binding, now=now)
    assert operations.escalate(now=now + DUE) == 0


def test_what_comes_back_has_its_time_again(waiting: Proposal, now: datetime, told: Told) -> None:
    """A new deadline, and a second escalation if that passes too."""
    operations.escalate(now=now + DUE)
    again = now + DUE + timedelta(hours=1)
    with transaction.atomic():
        fresh = Proposal.objects.select_for_update().get(pk=waiting.pk)
        give_back(fresh, open_changes(fresh), [{"field": "x", "before": 1, "after": 2}], now=again)
    fresh.refresh_from_db()
    assert (fresh.due_at, fresh.escalated_at) == (again + DUE, None)
    assert operations.escalate(now=again) == 0
    assert operations.escalate(now=again + DUE) == 1
    assert len(told(waiting, "proposal.escalated")) == 2


def test_many_are_told_in_portions(world: Cast, workspace: Workspace, now: datetime) -> None:
    """A sweep takes a bounded number, the next goes on."""
    for _ in range(3):
        propose(workspace, "50", now=now)
    assert [operations.escalate(now=now + DUE, limit=2) for _ in range(3)] == [2, 1, 0]
