"""Tending the queue: what the sweeper does for the people who work through it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from aios.flow import ROUTES, SWEEP
from apps.accounts.models import Workspace
from apps.proposals import operations, tasks
from tests.conftest import Cast
from tests.factories.proposals import propose


@pytest.mark.usefixtures("connector", "policy")
def test_claims_snoozes_and_deadlines_are_tended_by_the_clock(
    cast: Cast, workspace: Workspace
) -> None:
    """What lapsed is free, what is due is awake, what is late is escalated; the rest is left."""
    long_ago = timezone.now() - timedelta(hours=40)
    late = propose(workspace, "50", now=long_ago)
    operations.claim(proposal_id=late.pk, user=cast.rita, now=long_ago)
    asleep = propose(workspace, "50", now=long_ago)
    operations.snooze(proposal_id=asleep.pk, user=cast.rita, until=long_ago + timedelta(hours=1),
                      on_change=True, now=long_ago)  # fmt: skip
    fresh = propose(workspace, "50", now=timezone.now())
    operations.claim(proposal_id=fresh.pk, user=cast.rita, now=timezone.now())
    for _ in range(2):
        tasks.tend()
    for proposal in (late, asleep, fresh):
        proposal.refresh_from_db()
    assert (late.claimed_by, late.claimed_until) == (None, None)
    assert (asleep.snoozed_until, asleep.wakes_on_change) == (None, False)
    assert late.escalated_at is not None
    assert (fresh.claimed_by, fresh.escalated_at) == (cast.rita, None)


def test_it_is_swept_and_waits_behind_urgent_work() -> None:
    """Nobody has to ring for it."""
    assert "apps.proposals.tasks.tend" in SWEEP
    assert ROUTES["proposals.tend"] == {"queue": "bulk"}
