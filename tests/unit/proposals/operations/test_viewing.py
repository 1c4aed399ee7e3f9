"""High risk is approved only by who has looked, or typed the amount (promise H4)."""

from datetime import datetime
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import User
from apps.gateway.models import Execution
from apps.proposals import operations, queries
from apps.proposals.models import Proposal, Risk, State, Viewing
from apps.proposals.operations import (
    AlreadyDecided,
    InvalidDraft,
    NotAuthorised,
    NotLooked,
    StaleApproval,
)
from tests.conftest import Cast
from tests.factories.proposals import at_risk, look_at

from .conftest import Told


@pytest.fixture
def grave(waiting: Proposal) -> Proposal:
    """A proposal of high risk over 50.00 EUR."""
    return at_risk(waiting, Risk.HIGH)


def approve(proposal: Proposal, user: User, now: datetime, **more: Any) -> Proposal:
    """Approve it as it is."""
    return operations.approve(
        proposal_id=proposal.pk, user=user, binding=proposal.binding, now=now, **more
    )


def open_section(proposal: Proposal, user: User, now: datetime, **other: str) -> None:
    """Open its facts, or what is given."""
    given = {"binding": proposal.binding, "section": "facts", **other}
    operations.open_section(proposal_id=proposal.pk, user=user, now=now, **given)


def scripted(proposal: Proposal, user: User, now: datetime, attempts: int) -> int:
    """How many of so many scripted approvals, which guess the amount at times, are accepted."""
    random, accepted = Random(5), 0
    guesses = ["", "0", "1", "yes", "all", "50.01", "49,99", "500", "5", "USD 50", "fifty", "*"]
    for _ in range(attempts):
        try:
            approve(proposal, user, now, typed_amount=random.choice(guesses))
        except (NotLooked, AlreadyDecided):
            continue
        accepted += 1
    return accepted


def test_a_hundred_scripted_approvals(grave: Proposal, world: Cast, now: datetime) -> None:
    """None is accepted, nothing is left behind; the control, which looked, is accepted once."""
    assert scripted(grave, world.rita, now, 100) == 0
    grave.refresh_from_db()
    assert (grave.state, grave.reviews.count()) == (State.WAITING, 0)
    assert not Execution.objects.exists()
    look_at(grave, world.rita, now=now)
    assert scripted(grave, world.rita, now, 100) == 1


@pytest.mark.parametrize("typed", ["50", "50.00", "50,00 EUR", "€ 50"])
def test_typing_the_amount_is_looking(
    grave: Proposal, world: Cast, now: datetime, typed: str
) -> None:
    """However it is written."""
    assert approve(grave, world.rita, now, typed_amount=typed).state == State.APPROVED


def test_typing_another_amount_is_refused_from_who_has_looked_too(
    grave: Proposal, world: Cast, now: datetime
) -> None:
    """They believe something else than what would happen."""
    look_at(grave, world.rita, now=now)
    with pytest.raises(NotLooked, match="not the amount"):
        approve(grave, world.rita, now, typed_amount="5")


def test_without_an_amount_only_the_look_counts(
    grave: Proposal, world: Cast, now: datetime
) -> None:
    """There is nothing to type."""
    Proposal.objects.filter(pk=grave.pk).update(amount=None)
    for typed in ("", "0", "50"):
        with pytest.raises(NotLooked):
            approve(grave, world.rita, now, typed_amount=typed)
    look_at(grave, world.rita, now=now)
    assert approve(grave, world.rita, now, typed_amount="0").state == State.APPROVED


def test_another_persons_look_or_section_does_not_count(
    grave: Proposal, world: Cast, now: datetime
) -> None:
    """Each looks for themselves, at the facts."""
    look_at(grave, world.olga, now=now)
    open_section(grave, world.rita, now, section="evidence")
    assert not queries.has_opened(grave, world.rita)
    with pytest.raises(NotLooked):
        approve(grave, world.rita, now)
    assert queries.has_opened(grave, world.olga)


def test_a_look_at_what_was_there_before_does_not_count(
    of_two: Proposal, world: Cast, now: datetime
) -> None:
    """The first voter's edit makes other facts; the second has to see those."""
    grave = look_at(at_risk(of_two, Risk.HIGH), world.rita, world.olga, now=now)
    change = grave.changes.get()
    approve(grave, world.rita, now, edits={change.pk: {"amount": "45"}})
    grave.refresh_from_db()
    assert not queries.has_opened(grave, world.olga)
    with pytest.raises(NotLooked):
        approve(grave, world.olga, now)
    look_at(grave, world.olga, now=now)
    assert approve(grave, world.olga, now).state == State.APPROVED


def test_who_edits_types_what_will_be(grave: Proposal, world: Cast, now: datetime) -> None:
    """The amount as it was is not what they approve."""
    edits = {grave.changes.get().pk: {"amount": "45"}}
    with pytest.raises(NotLooked):
        approve(grave, world.rita, now, edits=edits, typed_amount="50")
    assert approve(grave, world.rita, now, edits=edits, typed_amount="45").state == State.APPROVED


def test_lower_risk_needs_no_look(waiting: Proposal, world: Cast, now: datetime) -> None:
    """Depth follows risk."""
    assert approve(waiting, world.rita, now).state == State.APPROVED


def test_a_rejection_needs_no_look(grave: Proposal, world: Cast, now: datetime) -> None:
    """Not doing it is safe."""
    operations.reject(proposal_id=grave.pk, user=world.rita, binding=grave.binding, reason="No.",
                      now=now)  # fmt: skip
    grave.refresh_from_db()
    assert grave.state == State.REJECTED


def test_opening_is_recorded_once(grave: Proposal, world: Cast, now: datetime, told: Told) -> None:
    """One row and one event, however often it is opened."""
    for _ in range(3):
        open_section(grave, world.rita, now)
    assert Viewing.objects.count() == 1
    fields = {"section": "facts", "binding": grave.binding, "revision": 1}
    assert told(grave, "proposal.viewed") == [("proposal.viewed", world.rita.actor, fields)]


def test_what_cannot_be_opened(grave: Proposal, world: Cast, now: datetime) -> None:
    """What is not there any more, by strangers, under no name, or after the decision."""
    with pytest.raises(StaleApproval):
        open_section(grave, world.rita, now, binding="0" * 64)
    with pytest.raises(NotAuthorised):
        open_section(grave, world.mallory, now)
    for name in ("", "Facts", "a" * 21, "x y"):
        with pytest.raises(InvalidDraft):
            open_section(grave, world.rita, now, section=name)
    with pytest.raises(Proposal.DoesNotExist):
        operations.open_section(proposal_id=uuid4(), user=world.rita, binding="", section="facts",
                                now=now)  # fmt: skip
    approve(grave, world.rita, now, typed_amount="50")
    with pytest.raises(AlreadyDecided):
        open_section(grave, world.rita, now)
    assert not Viewing.objects.exists()
