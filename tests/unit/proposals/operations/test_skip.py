"""Skipping: this one later, for me."""

from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Workspace
from apps.proposals import operations
from apps.proposals.models import Proposal, Skip, State
from apps.proposals.operations import AlreadyDecided, NotAuthorised
from tests.conftest import Cast
from tests.factories.proposals import propose

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


def test_skips_of_what_is_decided_are_forgotten(
    waiting: Proposal, world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Those of what still waits, or needs a person, are kept."""
    decided, unproven = (propose(workspace, "50", now=now) for _ in range(2))
    for proposal in (waiting, decided, unproven):
        skip(proposal, world.rita, now)
    Proposal.objects.filter(pk=unproven.pk).update(state=State.NEEDS_PERSON)
    operations.approve(proposal_id=decided.pk, user=world.olga, binding=decided.binding, now=now)
    assert [operations.drop_skips() for _ in range(2)] == [1, 0]
    assert set(Skip.objects.values_list("proposal", flat=True)) == {waiting.pk, unproven.pk}
