"""Skipping: this one later, for me."""

from datetime import datetime, timedelta

import pytest

from apps.proposals import operations
from apps.proposals.models import Proposal, Skip
from apps.proposals.operations import AlreadyDecided, NotAuthorised
from tests.conftest import Cast

from .conftest import Told


def skip(proposal: Proposal, cast_member: object, now: datetime) -> None:
    """Put it at the end."""
    operations.skip(proposal_id=proposal.pk, user=cast_member, now=now)  # type: ignore[arg-type]


def test_a_skip_is_kept_once_and_frees_the_claim(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """Skipping again moves it behind again; somebody else's claim is left alone."""
    operations.claim(proposal_id=waiting.pk, user=world.rita, now=now)
    skip(waiting, world.olga, now)
    waiting.refresh_from_db()
    assert waiting.claimed_by == world.rita
    for minutes in (1, 2):
        skip(waiting, world.rita, now + timedelta(minutes=minutes))
    waiting.refresh_from_db()
    assert waiting.claimed_by is None
    assert Skip.objects.get(user=world.rita).at == now + timedelta(minutes=2)
    assert [fields["reason"] for _, _, fields in told(waiting, "proposal.released")] == ["skipped"]


def test_who_may_skip(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Reviewers of the workspace, also without the authority to decide, while it is open."""
    skip(waiting, world.jun, now)
    with pytest.raises(NotAuthorised):
        skip(waiting, world.mallory, now)
    with pytest.raises(AlreadyDecided):
        skip(waiting, world.rita, now + timedelta(days=4))
