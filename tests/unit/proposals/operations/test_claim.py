"""Claims: one person decides at a time, and nobody keeps what they have left."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User, Workspace
from apps.proposals import operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import CLAIM_LEASE, AlreadyDecided, Claimed, NotAuthorised
from tests.conftest import Cast
from tests.factories.proposals import AGENT, propose

from .conftest import Told

LATER = timedelta(seconds=60)
LAPSED = CLAIM_LEASE + timedelta(seconds=1)


def claim(proposal: Proposal, user: User, now: datetime) -> Proposal:
    """Hold it."""
    return operations.claim(proposal_id=proposal.pk, user=user, now=now)


def approve(proposal: Proposal, user: User, now: datetime, **more: Any) -> Proposal:
    """Approve it as it is."""
    return operations.approve(
        proposal_id=proposal.pk, user=user, binding=proposal.binding, now=now, **more
    )


def reject(proposal: Proposal, user: User, now: datetime) -> Proposal:
    """Reject it."""
    return operations.reject(
        proposal_id=proposal.pk, user=user, binding=proposal.binding, reason="No.", now=now
    )


def test_while_one_person_holds_it_nobody_else_decides(
    waiting: Proposal, world: Cast, now: datetime
) -> None:
    """Neither claim, approval, rejection nor snooze; the refusal names the holder and the time."""
    claim(waiting, world.rita, now)
    for act in (claim, approve, reject):
        with pytest.raises(Claimed, match=r"Rita is deciding this until 09:02:00 UTC") as refused:
            act(waiting, world.olga, now + LATER)
        assert (refused.value.by, refused.value.until) == ("Rita", now + CLAIM_LEASE)
    with pytest.raises(Claimed):
        operations.snooze(proposal_id=waiting.pk, user=world.olga, until=now + timedelta(hours=1),
                          on_change=False, now=now)  # fmt: skip
    waiting.refresh_from_db()
    assert waiting.state == State.WAITING
    assert not waiting.reviews.exists()


def test_the_holder_decides_and_it_is_free(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """A vote frees the claim, in one transaction with its events."""
    claim(waiting, world.rita, now)
    assert approve(waiting, world.rita, now + LATER).state == State.APPROVED
    waiting.refresh_from_db()
    assert (waiting.claimed_by, waiting.claimed_until) == (None, None)
    holder = {"holder": world.rita.actor, "revision": 1}
    assert told(waiting, "proposal.claimed", "proposal.released") == [
        ("proposal.claimed", world.rita.actor,
         {"until": (now + CLAIM_LEASE).isoformat(), "revision": 1}),
        ("proposal.released", world.rita.actor, {"reason": "decided", **holder}),
    ]  # fmt: skip


def test_a_rejection_frees_it_too(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Like an approval."""
    claim(waiting, world.rita, now)
    reject(waiting, world.rita, now)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.claimed_by) == (State.REJECTED, None)


def test_without_a_claim_both_may_decide(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Over the API nobody has to claim; the second is told that it is decided."""
    approve(waiting, world.olga, now)
    with pytest.raises(AlreadyDecided):
        approve(waiting, world.rita, now)


def test_one_of_two_votes_frees_it_for_the_other(
    of_two: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """Who has voted cannot claim it again; the log does not say that it was for a vote."""
    claim(of_two, world.rita, now)
    assert approve(of_two, world.rita, now).state == State.WAITING
    [released] = told(of_two, "proposal.released")
    assert released[2]["reason"] == "released"
    with pytest.raises(AlreadyDecided, match="already decided"):
        claim(of_two, world.rita, now)
    claim(of_two, world.olga, now)
    assert approve(of_two, world.olga, now).state == State.APPROVED


def test_a_claim_that_is_kept_does_not_lapse(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """Each heartbeat gives it the whole lease again, and writes no event."""
    claim(waiting, world.rita, now)
    for number in range(1, 6):
        assert operations.renew(proposal_id=waiting.pk, user=world.rita, now=now + number * LATER)
    with pytest.raises(Claimed):
        claim(waiting, world.olga, now + 6 * LATER)
    assert operations.lapse(now=now + 6 * LATER) == 0
    assert len(told(waiting, "proposal.claimed", "proposal.released")) == 1


def test_nobody_keeps_what_another_holds(waiting: Proposal, world: Cast, now: datetime) -> None:
    """A heartbeat or a release from somebody else changes nothing."""
    claim(waiting, world.rita, now)
    assert not operations.renew(proposal_id=waiting.pk, user=world.olga, now=now)
    assert not operations.release(proposal_id=waiting.pk, user=world.olga, now=now)
    waiting.refresh_from_db()
    assert (waiting.claimed_by, waiting.claimed_until) == (world.rita, now + CLAIM_LEASE)


def test_claiming_again_extends_it(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """For the holder only, without a second event."""
    claim(waiting, world.rita, now)
    again = claim(waiting, world.rita, now + LATER)
    assert again.claimed_until == now + LATER + CLAIM_LEASE
    assert len(told(waiting, "proposal.claimed")) == 1


def test_a_released_claim_is_free_at_once(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """The next takes it; a second release does nothing."""
    claim(waiting, world.rita, now)
    assert operations.release(proposal_id=waiting.pk, user=world.rita, now=now)
    assert not operations.release(proposal_id=waiting.pk, user=world.rita, now=now)
    claim(waiting, world.olga, now)
    [released] = told(waiting, "proposal.released")
    assert released[1:] == (
        world.rita.actor, {"reason": "released", "holder": world.rita.actor, "revision": 1},
    )  # fmt: skip


@pytest.mark.parametrize("swept", [True, False])
def test_a_lapsed_claim_can_be_taken_by_anybody(
    waiting: Proposal, world: Cast, now: datetime, told: Told, swept: bool
) -> None:
    """Swept up before or not, it is told once that it has lapsed, by the clock."""
    claim(waiting, world.rita, now)
    if swept:
        assert operations.lapse(now=now + LAPSED) == 1
        assert operations.lapse(now=now + LAPSED) == 0
    taken = claim(waiting, world.olga, now + LAPSED)
    assert taken.claimed_by == world.olga
    [released] = told(waiting, "proposal.released")
    assert released[1:] == (
        "clock", {"reason": "lapsed", "holder": world.rita.actor, "revision": 1},
    )  # fmt: skip


def test_somebody_else_decides_what_has_lapsed(
    waiting: Proposal, world: Cast, now: datetime, told: Told
) -> None:
    """The first holder's late heartbeat does not bring it back."""
    claim(waiting, world.rita, now)
    assert approve(waiting, world.olga, now + LAPSED).state == State.APPROVED
    assert not operations.renew(proposal_id=waiting.pk, user=world.rita, now=now + LAPSED)
    assert [fields["reason"] for _, _, fields in told(waiting, "proposal.released")] == ["lapsed"]


def test_only_who_may_decide_it_may_claim_it(
    world: Cast, workspace: Workspace, now: datetime
) -> None:
    """Not above one's authority, not what one caused, not from elsewhere, not what is decided."""
    dear = propose(workspace, "50", now=now)
    for user, words in ((world.jun, "does not cover"), (world.mallory, "not a reviewer")):
        with pytest.raises(NotAuthorised, match=words):
            claim(dear, user, now)
    caused = AGENT.__class__(by="key:1", trigger="api", on_behalf_of=world.rita.actor)
    own = propose(workspace, "50", now=now, origin=caused)
    with pytest.raises(NotAuthorised, match="You caused"):
        claim(own, world.rita, now)
    approve(dear, world.rita, now)
    with pytest.raises(AlreadyDecided):
        claim(dear, world.olga, now)
    with pytest.raises(AlreadyDecided, match="expired"):
        claim(own, world.olga, now + timedelta(days=4))


def test_a_claim_costs_no_approval_a_statement(
    waiting: Proposal, world: Cast, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The row is moved and freed at once, and the event rides along."""
    claim(waiting, world.rita, now)
    with django_assert_num_queries(9 + 2):  # test_statements.STATEMENTS and the savepoint
        approve(waiting, world.rita, now)
