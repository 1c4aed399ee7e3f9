"""Who is alone in a workspace finishes an undo of their own, where their policy says so."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from time_machine import travel

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.policies.models import Version
from apps.proposals import operations, queries
from apps.proposals.models import Proposal, Review, State
from apps.proposals.operations import NotAuthorised
from tests.conftest import Cast
from tests.factories.undoing import ALLOW, Propose, price_now, priced, rule, told

pytestmark = pytest.mark.django_db(transaction=True)

WATCH = {"name": "people", "when": "trigger == 'undo'", "outcome": "review", "reason": "Look."}
TWO = WATCH | {"reviewers": 2}
YES = {"sole_owner_may_finish_undo": True}


@pytest.fixture
def olga(workspace: Workspace, world: Cast) -> User:
    """Olga, who has sent everybody else away."""
    workspace.memberships.exclude(user=world.olga).delete()
    return world.olga


@pytest.fixture
def ask(
    workspace: Workspace, variants: list[Variant], do: Propose, now: datetime
) -> Callable[..., Proposal]:
    """Have a price set by policy alone, and somebody ask for its undo under these limits."""

    def undo(user: User, *rules: dict[str, Any], by: str = "", **limits: Any) -> Proposal:
        done = do(priced(variants[0]))
        rule(workspace, now, ALLOW, *(rules or (WATCH,)), **limits)
        return operations.undo(proposal_id=done.pk, user=user, reason="A slip.", now=now, by=by)

    return undo


def approve(undo: Proposal, user: User, now: datetime, **how: Any) -> Proposal:
    return operations.approve(proposal_id=undo.pk, user=user, binding=undo.binding, now=now, **how)


def test_a_sole_owner_finishes_an_undo_where_the_policy_says_so(
    workspace: Workspace, olga: User, ask: Callable[..., Proposal], variants: list[Variant],
    drive: Callable[[], None], now: datetime,
) -> None:  # fmt: skip
    """The price is set back; vote and log say by which policy they decided what they caused."""
    undo = ask(olga, **YES)
    assert (undo.state, queries.why_not(olga, undo, list(undo.changes.all()))) == ("waiting", None)
    operations.claim(proposal_id=undo.pk, user=olga, now=now)
    approve(undo, olga, now)
    drive()
    undo.refresh_from_db()
    assert (undo.state, price_now(workspace, variants[0])) == (
        State.DONE, variants[0].prices["EUR"]
    )  # fmt: skip
    version = Version.objects.get(policy__name="Rules", stage="active")
    assert Review.objects.get().alone == str(version)
    [event] = told(undo, "review.recorded")
    assert event["alone"] == str(version)


@pytest.mark.parametrize("limits", [{}, {"sole_owner_may_finish_undo": False},
                                    {"sole_owner_may_finish_undo": 1},
                                    {"sole_owner_may_finish_undo": "yes"}])  # fmt: skip
def test_without_the_policys_word_nobody_decides_what_they_caused(
    olga: User, ask: Callable[..., Proposal], now: datetime, limits: dict[str, Any]
) -> None:
    """And who is alone is told which limit of which policy would let them."""
    undo = ask(olga, **limits)
    for act in (
        approve,
        lambda one, user, at: operations.claim(proposal_id=one.pk, user=user, now=at),
    ):
        with pytest.raises(NotAuthorised, match=r"“Rules”.*sole_owner_may_finish_undo"):
            act(undo, olga, now)
    assert not Review.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_with_somebody_else_there_it_is_theirs(
    workspace: Workspace, olga: User, world: Cast, ask: Callable[..., Proposal], now: datetime,
    role: str,
) -> None:  # fmt: skip
    """Whatever their role: each may review."""
    accounts.add_member(workspace=workspace, user=world.jun, role=role, by="t", now=now)
    undo = ask(olga, **YES)
    with pytest.raises(NotAuthorised, match=r"has to approve it\.$"):
        approve(undo, olga, now)


def test_a_person_who_was_switched_off_is_nobody(
    workspace: Workspace, olga: User, world: Cast, ask: Callable[..., Proposal], now: datetime
) -> None:
    """They could not decide it either."""
    accounts.add_member(workspace=workspace, user=world.jun, role="reviewer", by="t", now=now)
    User.objects.filter(pk=world.jun.pk).update(is_active=False)
    assert approve(ask(olga, **YES), olga, now).state == State.APPROVED


def test_who_is_alone_and_no_owner_decides_nothing_of_their_own(
    workspace: Workspace, world: Cast, ask: Callable[..., Proposal], now: datetime
) -> None:
    """The policy speaks of owners."""
    workspace.memberships.exclude(user=world.rita).delete()
    with pytest.raises(NotAuthorised, match="somebody else"):
        approve(ask(world.rita, **YES), world.rita, now)


def test_neither_a_key_nor_a_batch_decides_alone(
    olga: User, ask: Callable[..., Proposal], now: datetime
) -> None:
    """Only the person on its page, of what they asked for there."""
    undo = ask(olga, **YES)
    for via in ("api", "mcp", "bulk"):
        with pytest.raises(NotAuthorised, match="decide it there"):
            approve(undo, olga, now, via=via)
    assert approve(undo, olga, now).state == State.APPROVED


def test_what_a_key_asked_for_is_not_decided_by_its_owner(
    olga: User, ask: Callable[..., Proposal], now: datetime
) -> None:
    """A key is another hand, even if it acts in the owner's name."""
    with pytest.raises(NotAuthorised, match="somebody else"):
        approve(ask(olga, by="key:abc", **YES), olga, now)


def test_where_two_have_to_approve_one_is_not_enough(
    olga: User, ask: Callable[..., Proposal], now: datetime
) -> None:
    """And the text says so."""
    with pytest.raises(NotAuthorised, match="2 people have to approve it"):
        approve(ask(olga, TWO, **YES), olga, now)


def test_only_an_undo_is_decided_alone(
    workspace: Workspace, olga: User, variants: list[Variant], now: datetime
) -> None:
    """What an owner proposes themselves stays somebody else's to approve."""
    rule(workspace, now, WATCH | {"when": "true"}, **YES)
    draft = operations.Draft(title="Mine", rationale="x", changes=[priced(variants[0])])
    origin = operations.Origin(by=olga.actor, trigger="person", on_behalf_of=olga.actor)
    [own] = operations.submit(workspace=workspace, drafts=[draft], origin=origin, now=now)
    assert own is not None
    with pytest.raises(NotAuthorised, match=r"has to approve it\.$"):
        approve(own, olga, now)


def test_the_authority_still_counts(
    workspace: Workspace, olga: User, ask: Callable[..., Proposal], now: datetime
) -> None:
    """A policy that lets a sole owner decide gives them no right to the money."""
    undo = ask(olga, **YES)
    workspace.authorities.all().delete()
    with pytest.raises(NotAuthorised, match="authority does not cover"):
        approve(undo, olga, now)


def test_a_policy_that_forbids_it_meanwhile_wins(
    workspace: Workspace, olga: User, ask: Callable[..., Proposal], now: datetime
) -> None:
    """The approval is void, and what is judged anew is not theirs."""
    undo = ask(olga, **YES)
    rule(workspace, now, ALLOW, WATCH)
    with pytest.raises(operations.StaleApproval):
        approve(undo, olga, now)
    undo.refresh_from_db()
    with pytest.raises(NotAuthorised):
        approve(undo, olga, now)


def test_a_policy_that_says_the_same_lends_its_word_to_no_other(
    workspace: Workspace, olga: User, ask: Callable[..., Proposal], now: datetime
) -> None:
    """All that send it to a person have to say so, and the advice names the one that does not."""
    undo = ask(olga, **YES)
    for limits in ({}, YES):
        beside = policies.draft(workspace=workspace, name="Beside", rules=[WATCH], limits=limits,
                                by="t", now=now)  # fmt: skip
        policies.publish(version=beside, by="t", now=now)
        with pytest.raises(operations.StaleApproval):
            approve(undo, olga, now)
        undo.refresh_from_db()
        if not limits:
            with pytest.raises(NotAuthorised, match="your policy “Beside” can let"):
                approve(undo, olga, now)
    assert approve(undo, olga, now).state == State.APPROVED
    assert Review.objects.get().alone == "Rules v2, Beside v2"


def test_the_page_offers_it_and_tells_it(
    workspace: Workspace, olga: User, ask: Callable[..., Proposal], client: Client, now: datetime
) -> None:
    """To approve, and afterwards by what right."""
    undo = ask(olga, **YES)
    page = f"/proposals/{undo.pk}/"
    with travel(now):
        client.force_login(olga)
        assert "You caused this proposal" not in client.get(page).content.decode()
        client.post(f"{page}approve", {"binding": undo.binding})
        undo.refresh_from_db()
        assert undo.state == State.APPROVED
        assert "as sole owner by Rules v" in client.get(page).content.decode()
