"""People, authorities and keys in the admin."""

import re
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse, reverse_lazy

from apps.accounts.models import ApiKey, Authority, Invitation, Membership, User, Workspace
from apps.accounts.permissions import can
from apps.accounts.queries import find_key
from apps.audit.models import Event
from apps.gateway.catalogue import ACTIONS
from tests.conftest import Cast
from tests.factories.authority import can_approve


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who owns the workspace."""
    client.force_login(cast.olga)
    return client


ADD = reverse_lazy("admin:accounts_invitation_add")
LINK = re.compile(r"http://testserver(/invitations/[\w-]+/)")


def invite(client: Client, workspace: Workspace, email: str, role: str = "reviewer") -> str:
    """What the owner gets to see, their own form sent."""
    form = {"workspace": workspace.pk, "email": email, "role": role}
    return client.post(ADD, form, follow=True).content.decode()


def test_inviting_tells_nothing_about_other_tenants(
    olgas: Client, workspace: Workspace, cast: Cast
) -> None:
    """For Mallory, an owner elsewhere, and for nobody at all the answer is the same."""
    answers = []
    for email in (cast.mallory.email, "nobody@example.com"):
        page = invite(olgas, workspace, email)
        assert len(LINK.findall(page)) == 1
        answers.append(re.findall(r"Send .{0,200}?once and until [\d-]+", page)[0])
        assert answers[-1].split()[1] == email
    assert len({re.sub(r"\S+@\S+", "", answer) for answer in answers}) == 1
    assert list(User.objects.filter(email="nobody@example.com")) == []


def test_a_known_person_can_be_invited(olgas: Client, workspace: Workspace, cast: Cast) -> None:
    """By the link that was shown, once; it is on no later page."""
    found = LINK.search(invite(olgas, workspace, cast.mallory.email))
    assert found
    for page in (reverse("admin:accounts_invitation_changelist"), "/admin/"):
        assert found.group(1) not in olgas.get(page).content.decode()
    mallorys = Client()
    mallorys.force_login(cast.mallory)
    mallorys.post(found.group(1))
    assert can(cast.mallory, "review", workspace.pk)


def test_nobody_is_added_directly(olgas: Client) -> None:
    """The form that told "already exists" is closed."""
    add = reverse("admin:accounts_user_add")
    assert olgas.get(add).status_code == 403
    form = {"email": "eve@example.com", "name": "Eve"}
    assert olgas.post(add, form).status_code == 403
    assert not User.objects.filter(email="eve@example.com").exists()


def test_nobody_is_invited_into_a_workspace_of_others(olgas: Client, elsewhere: Workspace) -> None:
    """The page offers only those the inviter owns, and takes no other."""
    invite(olgas, elsewhere, "eve@example.com", "owner")
    assert not Invitation.objects.exists()


def test_a_member_is_named_as_one(olgas: Client, workspace: Workspace, cast: Cast) -> None:
    """Of one's own workspace one may know."""
    assert "has a place here" in invite(olgas, workspace, cast.jun.email.upper(), "owner")
    assert not Invitation.objects.exists()


def test_an_invitation_is_withdrawn_and_another_takes_its_place(
    olgas: Client, workspace: Workspace
) -> None:
    """The first link stops working when a second is made, the second when it is withdrawn."""
    pages = [LINK.search(invite(olgas, workspace, "ida@example.com")) for _ in range(2)]
    first, second = (page.group(1) for page in pages if page)
    assert [Client().get(page).status_code for page in (first, second)] == [410, 200]
    listed = reverse("admin:accounts_invitation_changelist")
    chosen = [str(one.pk) for one in Invitation.objects.all()]
    olgas.post(listed, {"action": "withdraw", "_selected_action": chosen})
    assert Client().get(second).status_code == 410
    assert Event.objects.filter(kind="invitation.withdrawn").count() == 2
    assert olgas.get(listed).content.decode().count("Withdrawn") >= 2


def test_an_authority_is_granted(olgas: Client, workspace: Workspace, cast: Cast) -> None:
    """Also one that somebody else holds already."""
    for person in (cast.otto, cast.jun):
        answer = olgas.post(reverse("admin:accounts_authority_add"), {
            "workspace": workspace.pk, "user": person.pk, "action": "refund_payment",
            "ceiling": "70.00", "currency": "EUR"})  # fmt: skip
        assert answer.status_code == 302, answer.context["errors"]
        assert can_approve(person, workspace_id=workspace.pk, action="refund_payment",
                           amount=Decimal(70), currency="EUR")  # fmt: skip
    assert Authority.objects.filter(ceiling=70).count() == 1
    page = olgas.get(reverse("admin:accounts_authority_changelist")).content.decode()
    assert "Jun, Otto" in page


@pytest.mark.parametrize(
    ("typed", "currency", "problem"),
    [("1,000", "EUR", "can mean 1000.00 or 1.00"), ("70.50", "JPY", "no decimals"),
     ("a lot", "EUR", "is not an amount"), ("-5", "EUR", "0 or more"), ("5", "ZZZ", "valid choice")],
)  # fmt: skip
def test_a_ceiling_is_an_amount_of_its_currency(
    olgas: Client, workspace: Workspace, cast: Cast, typed: str, currency: str, problem: str
) -> None:
    """Nothing is granted by what can be read in two ways, or what the currency does not have."""
    answer = olgas.post(reverse("admin:accounts_authority_add"), {
        "workspace": workspace.pk, "user": cast.jun.pk, "action": "set_price",
        "ceiling": typed, "currency": currency})  # fmt: skip
    assert answer.status_code == 200
    assert problem in " ".join(map(str, answer.context["errors"]))
    assert f'value="{typed}"' in answer.content.decode()


def test_ceilings_in_any_currency_have_its_digits(
    olgas: Client, workspace: Workspace, cast: Cast
) -> None:
    """Typed as people write, kept exactly, listed without needless zeros."""
    for typed, currency in (("1.2550", "KWD"), ("50,000", "JPY"), ("1.234,50 €", "EUR")):
        answer = olgas.post(reverse("admin:accounts_authority_add"), {
            "workspace": workspace.pk, "user": cast.jun.pk, "action": "set_price",
            "ceiling": typed, "currency": currency})  # fmt: skip
        assert answer.status_code == 302, answer.context["errors"]
    page = olgas.get(reverse("admin:accounts_authority_changelist")).content.decode()
    found = {str(one) for one in Authority.objects.filter(action="set_price")}
    for text in ("1.255 KWD", "50000 JPY", "1234.50 EUR"):
        assert f"set_price: up to {text}" in found
        assert text.split()[0] in page
    assert "50000.0000" not in page


def test_a_keys_token_is_shown_once(
    olgas: Client, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """And the key can be revoked, not changed."""
    answer = olgas.post(reverse("admin:accounts_apikey_add"), {
        "workspace": workspace.pk, "name": "ERP",
        "scopes": ["runs:read"], "expires_at_0": "", "expires_at_1": ""}, follow=True)  # fmt: skip
    found = re.search(r"aios_[0-9a-f]+_[\w-]+", answer.content.decode())
    assert found
    assert find_key(found.group(), now=now)
    changelist = reverse("admin:accounts_apikey_changelist")
    assert found.group() not in olgas.get(changelist).content.decode()
    key = ApiKey.objects.get()
    olgas.post(changelist, {"action": "revoke", "_selected_action": [key.pk]})
    assert find_key(found.group(), now=now) is None


def test_a_key_that_submits_says_what(olgas: Client, workspace: Workspace, now: datetime) -> None:
    """Nothing is chosen beforehand, and without a choice no key is made; the list tells it."""
    add = reverse("admin:accounts_apikey_add")
    assert not re.search(r"\schecked[\s>]", olgas.get(add).content.decode())
    form = {"workspace": workspace.pk, "name": "ERP", "scopes": ["proposals:submit"],
            "expires_at_0": "", "expires_at_1": ""}  # fmt: skip
    assert "at least one kind" in olgas.post(add, form).content.decode()
    assert not ApiKey.objects.exists()
    olgas.post(add, {**form, "actions": ["set_stock", "refund_payment"]})
    assert ApiKey.objects.get().actions == ["refund_payment", "set_stock"]
    listed = olgas.get(reverse("admin:accounts_apikey_changelist")).content.decode()
    assert "refund_payment, set_stock" in listed


def test_an_owner_makes_no_key_for_a_colleague(
    olgas: Client, workspace: Workspace, cast: Cast
) -> None:
    """Whatever the form says: with both, one person would be two."""
    assert cast.jun.name not in olgas.get(reverse("admin:accounts_apikey_add")).content.decode()
    olgas.post(reverse("admin:accounts_apikey_add"), {
        "workspace": workspace.pk, "user": cast.jun.pk, "name": "ERP",
        "scopes": ["proposals:review"], "expires_at_0": "", "expires_at_1": ""})  # fmt: skip
    assert ApiKey.objects.get().user == cast.olga
    assert Event.objects.get(kind="key.created").actor == cast.olga.actor


def test_a_role_is_changed_with_its_event(olgas: Client, workspace: Workspace, cast: Cast) -> None:
    """Through the operation."""
    place = Membership.objects.get(user=cast.jun)
    olgas.post(reverse("admin:accounts_membership_change", args=[place.pk]),
                 {"workspace": workspace.pk, "user": cast.jun.pk, "role": "operator"})  # fmt: skip
    assert can(cast.jun, "run", workspace.pk)


def test_people_of_other_workspaces_are_not_shown(olgas: Client, cast: Cast) -> None:
    """Mallory works elsewhere."""
    page = olgas.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert cast.jun.email in page
    assert cast.mallory.email not in page


def test_a_removed_member_leaves_events(olgas: Client, cast: Cast) -> None:
    """On the page and from the list: what they may approve goes too."""
    pages = reverse("admin:accounts_membership_changelist")
    jun = Membership.objects.get(user=cast.jun)
    one = reverse("admin:accounts_membership_delete", args=[jun.pk])
    assert olgas.post(one, {"post": "yes"}).status_code == 302
    rita = Membership.objects.get(user=cast.rita)
    olgas.post(pages, {"action": "delete_selected", "_selected_action": [rita.pk], "post": "yes"})
    for person in (cast.jun, cast.rita):
        assert not Membership.objects.filter(user=person).exists()
        left = Event.objects.filter(kind="member.changed", subject_id=str(person.pk))
        assert left.count() == 2
        assert left.filter(actor=cast.olga.actor).count() == 1


def test_a_deleted_authority_leaves_events(olgas: Client, cast: Cast) -> None:
    """One of each who held it, on the page and from the list."""
    events = Event.objects.filter(kind="authority.changed", actor=cast.olga.actor)
    first, second = Authority.objects.filter(ceiling=20)[:2]
    one = reverse("admin:accounts_authority_delete", args=[first.pk])
    assert olgas.post(one, {"post": "yes"}).status_code == 302
    olgas.post(reverse("admin:accounts_authority_changelist"),
               {"action": "delete_selected", "_selected_action": [second.pk],
                "post": "yes"})  # fmt: skip
    assert not Authority.objects.filter(pk__in=[first.pk, second.pk]).exists()
    assert events.filter(subject_id=str(cast.jun.pk)).count() == 2


def test_rights_of_others_are_neither_seen_nor_taken(
    client: Client, cast: Cast, workspace: Workspace
) -> None:
    """Mallory, an owner elsewhere, is offered nobody and removes nobody."""
    client.force_login(cast.mallory)
    add = reverse("admin:accounts_authority_add")
    assert cast.jun.name not in client.get(add).content.decode()
    events = Event.objects.count()
    place, right = Membership.objects.get(user=cast.jun), Authority.objects.all()[0]
    for page in (reverse("admin:accounts_membership_delete", args=[place.pk]),
                 reverse("admin:accounts_authority_delete", args=[right.pk])):  # fmt: skip
        assert client.post(page, {"post": "yes"}).status_code in (302, 404)
    client.post(add, {"workspace": workspace.pk, "user": cast.jun.pk, "currency": "EUR",
                      "action": "refund_payment", "ceiling": "9000"})  # fmt: skip
    assert Membership.objects.filter(pk=place.pk).exists()
    assert Authority.objects.filter(pk=right.pk).exists()
    assert Event.objects.count() == events


def test_no_page_shows_how_people_everywhere_sign_in(olgas: Client) -> None:
    """Addresses and second factors are not kept per workspace, so there are no pages of them."""
    assert olgas.get("/admin/account/emailaddress/").status_code == 404
    assert olgas.get("/admin/mfa/authenticator/").status_code == 404


def test_an_authority_is_about_an_action_and_a_currency_there_are(
    olgas: Client, workspace: Workspace, cast: Cast
) -> None:
    """Both are chosen; a slip of the hand is refused."""
    add = reverse("admin:accounts_authority_add")
    page = olgas.get(add).content.decode()
    assert all(f'value="{name}"' in page for name in [*ACTIONS, "EUR", "USD"])
    assert "empty = any amount" in page
    count = Authority.objects.count()
    right = {"workspace": workspace.pk, "user": cast.otto.pk, "action": "refund_payment",
             "ceiling": "7", "currency": "EUR"}  # fmt: skip
    for slip in ({"action": "refund_paiment"}, {"currency": "EUE"}):
        assert olgas.post(add, right | slip).status_code == 200
    assert Authority.objects.count() == count


def test_the_last_owner_is_kept_with_a_reason(olgas: Client, cast: Cast) -> None:
    """On the page, from the list, by another role and by making them inactive."""
    place = Membership.objects.get(user=cast.olga)
    pages = {
        reverse("admin:accounts_membership_delete", args=[place.pk]): {"post": "yes"},
        reverse("admin:accounts_membership_changelist"): {
            "action": "delete_selected", "_selected_action": [place.pk], "post": "yes"},
        reverse("admin:accounts_membership_change", args=[place.pk]): {"role": "reviewer"},
        reverse("admin:accounts_user_change", args=[cast.olga.pk]): {"name": "Olga"},
    }  # fmt: skip
    for page, values in pages.items():
        answer = olgas.post(page, values)
        assert answer.status_code == 200, page
        assert "keeps at least one owner" in answer.content.decode(), page
    assert Membership.objects.get(pk=place.pk).role == "owner"
    assert User.objects.get(pk=cast.olga.pk).is_active


def test_a_person_of_others_too_is_not_changed(
    olgas: Client, cast: Cast, elsewhere: Workspace
) -> None:
    """Nor is anybody's address, by which they sign in."""
    elsewhere.memberships.create(user=cast.rita, role="reviewer")
    for person, status in ((cast.rita, 403), (cast.jun, 302)):
        page = reverse("admin:accounts_user_change", args=[person.pk])
        sent = {"name": "X", "email": "x@example.com", "is_active": "on", "is_staff": "on"}
        assert olgas.post(page, sent).status_code == status
    jun = User.objects.get(pk=cast.jun.pk)
    assert (jun.name, jun.email, jun.is_staff) == ("X", cast.jun.email, False)
    assert User.objects.get(pk=cast.rita.pk).name == "Rita"
