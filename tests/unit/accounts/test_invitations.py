"""Asking people in: the same whether the address is known, used once, and by nobody else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.accounts import invitations, operations
from apps.accounts.invitations import NotOpen
from apps.accounts.models import Invitation, Membership, User, Workspace
from apps.accounts.permissions import can
from apps.audit.models import Event
from tests.conftest import PASSWORD, Cast

NEW = "ida@example.com"
Invite = Callable[..., str]


@pytest.fixture
def invite(workspace: Workspace, cast: Cast, now: datetime) -> Invite:
    """Olga invites; the token."""

    def make(email: str = NEW, role: str = "reviewer") -> str:
        return invitations.invite(
            workspace=workspace, email=email, role=role, by=cast.olga, now=now
        )[1]

    return make


def test_nobody_is_made_by_inviting(invite: Invite, cast: Cast, now: datetime) -> None:
    """Neither for an address nobody has nor for one somebody has elsewhere; both rows are alike."""
    before = User.objects.count()
    for email in (NEW, cast.mallory.email):
        assert invitations.find(invite(email), now=now).email == email
    assert User.objects.count() == before
    assert Event.objects.filter(kind="invitation.made", actor=cast.olga.actor).count() == 2


def test_the_link_is_kept_by_nobody(invite: Invite, now: datetime) -> None:
    """Only its digest is."""
    token = invite()
    row = Invitation.objects.values().get()
    assert token not in str(row)
    with pytest.raises(invitations.NoInvitation):
        invitations.find(row["token_digest"], now=now)


def test_a_newcomer_chooses_name_and_password(
    invite: Invite, workspace: Workspace, now: datetime
) -> None:
    """And has the place they were asked to, no more."""
    ida, place = invitations.join_as_new(token=invite(), name="Ida", password=PASSWORD, now=now)
    assert (ida.email, ida.name, place) == (NEW, "Ida", workspace)
    assert ida.check_password(PASSWORD)
    assert can(ida, "review", workspace.pk)
    assert not can(ida, "configure", workspace.pk)
    assert [event.kind for event in Event.objects.filter(actor=ida.actor).order_by("id")] == [
        "invitation.accepted", "member.changed",
    ]  # fmt: skip


@pytest.mark.parametrize("weak", ["short", "password1234", NEW])
def test_a_weak_password_makes_nobody(invite: Invite, now: datetime, weak: str) -> None:
    """By the validators everybody has; the link still works."""
    token = invite()
    with pytest.raises(ValidationError):
        invitations.join_as_new(token=token, name="Ida", password=weak, now=now)
    assert not User.objects.filter(email=NEW).exists()
    assert invitations.find(token, now=now)


@pytest.mark.parametrize("spelt", ["{}", "{}".upper(), " {} "])
def test_who_invites_takes_no_account_over(
    invite: Invite, cast: Cast, now: datetime, spelt: str
) -> None:
    """With the link in hand they set no password of somebody who has one, however they spell it."""
    email = cast.mallory.email
    token = invite(spelt.format(email.upper() if spelt == "{}" else email))
    with pytest.raises(invitations.HasAccount):
        invitations.join_as_new(token=token, name="X", password="another long phrase", now=now)
    mallory = User.objects.get(pk=cast.mallory.pk)
    assert (mallory.name, mallory.check_password(PASSWORD)) == ("Mallory", True)
    assert not Membership.objects.filter(user=mallory, workspace__slug="alpine").exists()


def test_an_address_in_another_case_is_the_same(
    invite: Invite, workspace: Workspace, now: datetime
) -> None:
    """One the row of whose person has capital letters, as rows made in the admin once had."""
    bob = User.objects.create(email="Bob@Example.com", name="Bob")
    token = invite("bob@example.com")
    with pytest.raises(invitations.HasAccount):
        invitations.join_as_new(token=token, name="B", password=PASSWORD, now=now)
    assert invitations.join(token=token, user=bob, now=now) == workspace


def test_somebody_with_an_account_joins(
    invite: Invite, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """An owner elsewhere reviews here; their place there is what it was."""
    invitations.join(token=invite(cast.mallory.email), user=cast.mallory, now=now)
    assert can(cast.mallory, "review", workspace.pk)
    assert not can(cast.mallory, "administer", workspace.pk)


def test_an_invitation_is_for_its_address(invite: Invite, cast: Cast, now: datetime) -> None:
    """Who finds or is given the link of another joins nothing."""
    token = invite()
    with pytest.raises(invitations.ForSomebodyElse):
        invitations.join(token=token, user=cast.mallory, now=now)
    assert invitations.find(token, now=now)


def test_a_member_is_not_invited(
    invite: Invite, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Their role does not change behind the page of roles, by a link made before they joined too."""
    with pytest.raises(invitations.AlreadyMember):
        invite("JUN@example.com", "owner")
    token = invite(cast.mallory.email, "owner")
    operations.add_member(workspace=workspace, user=cast.mallory, role="reviewer", by="test",
                          now=now)  # fmt: skip
    with pytest.raises(invitations.AlreadyMember):
        invitations.join(token=token, user=cast.mallory, now=now)
    assert not can(cast.mallory, "administer", workspace.pk)


@pytest.mark.parametrize("who", ["otto", "rita", "mallory"])
@pytest.mark.parametrize("role", ["owner", "reviewer"])
def test_only_owners_of_the_workspace_invite(
    workspace: Workspace, cast: Cast, now: datetime, who: str, role: str
) -> None:
    """Nobody gives a place, not even the least, who may not give roles."""
    with pytest.raises(invitations.MayNotInvite):
        invitations.invite(workspace=workspace, email=NEW, role=role, by=getattr(cast, who),
                           now=now)  # fmt: skip
    assert not Invitation.objects.exists()


def test_an_invitation_ends_with_its_makers_say(
    invite: Invite, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """An owner who is made less lets nobody in any more."""
    token = invite(role="owner")
    operations.add_member(workspace=workspace, user=cast.otto, role="owner", by="test", now=now)
    operations.add_member(workspace=workspace, user=cast.olga, role="reviewer", by="test", now=now)
    with pytest.raises(NotOpen, match="does not own"):
        invitations.join_as_new(token=token, name="Ida", password=PASSWORD, now=now)


def test_each_way_it_ends_says_what_to_do(
    invite: Invite, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Used, withdrawn and expired ones; another one for the address withdraws the first."""
    used, first = invite(), invite("bo@example.com")
    second = invite("bo@example.com")
    invitations.join_as_new(token=used, name="Ida", password=PASSWORD, now=now)
    for token, later, words in ((used, 0, "used already"), (first, 0, "was withdrawn"),
                                (second, 7, "has expired")):  # fmt: skip
        with pytest.raises(NotOpen, match=words):
            invitations.find(token, now=now + timedelta(days=later))
    assert invitations.find(second, now=now + timedelta(days=6))


def test_an_accepted_one_is_not_withdrawn(
    invite: Invite, cast: Cast, workspace: Workspace, now: datetime
) -> None:
    """Nor told of as if it were."""
    invitations.join_as_new(token=invite(), name="Ida", password=PASSWORD, now=now)
    invitations.withdraw(invitation=Invitation.objects.get(), by=cast.olga, now=now)
    assert Invitation.objects.get().withdrawn_at is None
    assert not Event.objects.filter(kind="invitation.withdrawn").exists()


def test_what_fails_half_way_leaves_nothing(
    invite: Invite, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No person without a place, no link that is used up, no event."""
    token = invite()

    def fail(**_: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(operations, "add_member", fail)
    with pytest.raises(RuntimeError, match="half way"):
        invitations.join_as_new(token=token, name="Ida", password=PASSWORD, now=now)
    assert not User.objects.filter(email=NEW).exists()
    assert not Event.objects.filter(kind="invitation.accepted").exists()
    assert invitations.find(token, now=now)


@pytest.mark.django_db(transaction=True)
def test_one_link_lets_one_in_at_once(invite: Invite, now: datetime) -> None:
    """Of eight who press the button together one joins, with one event."""
    token = invite()

    def press(number: int) -> bool:
        try:
            invitations.join_as_new(token=token, name=f"Ida {number}", password=PASSWORD, now=now)
        except (NotOpen, invitations.HasAccount):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(8))) == 1
    assert User.objects.filter(email=NEW).count() == 1
    assert Event.objects.filter(kind="invitation.accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_person_in_two_windows_joins_once(
    invite: Invite, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have found it open before either takes it; the row is moved by one."""
    token = invite(cast.mallory.email)
    found = invitations.find(token, now=now)
    monkeypatch.setattr(invitations, "find", lambda _token, *, now: found)
    monkeypatch.setattr(invitations, "refuse_member", lambda *_: None)
    invitations.join(token=token, user=cast.mallory, now=now)
    with pytest.raises(NotOpen, match="used already"):
        invitations.join(token=token, user=cast.mallory, now=now)
