"""People, authorities and keys in the admin."""

import re
from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import ApiKey, Authority, Membership, User, Workspace
from apps.accounts.permissions import can, can_approve
from apps.accounts.queries import find_key
from apps.audit.models import Event
from tests.conftest import Cast


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who owns the workspace."""
    User.objects.filter(pk=cast.olga.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.olga)
    return client


def test_an_invited_person_chooses_their_password(olgas: Client, workspace: Workspace) -> None:
    """They get a place, no password, and a link that works once."""
    add = reverse("admin:accounts_user_add")
    assert olgas.get(add).status_code == 200
    answer = olgas.post(add, {"email": "ida@example.com", "name": "Ida", "role": "reviewer",
                                "workspace": workspace.pk}, follow=True)  # fmt: skip
    ida = User.objects.get(email="ida@example.com")
    assert not ida.has_usable_password()
    assert can(ida, "review", workspace.pk)
    found = re.search(r"http://testserver(/accounts/password/reset/key/[^ <&]+)",
                      answer.content.decode())  # fmt: skip
    assert found
    page = Client().get(found.group(1), follow=True)
    assert page.status_code == 200
    assert Event.objects.filter(kind="member.changed", subject_id=str(ida.pk)).count() == 1


def test_nobody_is_invited_into_a_workspace_of_others(olgas: Client, elsewhere: Workspace) -> None:
    """The page offers only those the inviter owns, and takes no other."""
    olgas.post(reverse("admin:accounts_user_add"), {"email": "eve@example.com", "name": "Eve",
                 "role": "owner", "workspace": elsewhere.pk})  # fmt: skip
    assert not User.objects.filter(email="eve@example.com").exists()


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


def test_a_keys_token_is_shown_once(
    olgas: Client, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """And the key can be revoked, not changed."""
    answer = olgas.post(reverse("admin:accounts_apikey_add"), {
        "workspace": workspace.pk, "user": cast.otto.pk, "name": "ERP",
        "scopes": ["runs:read"], "expires_at_0": "", "expires_at_1": ""}, follow=True)  # fmt: skip
    found = re.search(r"aios_[0-9a-f]+_[\w-]+", answer.content.decode())
    assert found
    assert find_key(found.group(), now=now)
    changelist = reverse("admin:accounts_apikey_changelist")
    assert found.group() not in olgas.get(changelist).content.decode()
    key = ApiKey.objects.get()
    olgas.post(changelist, {"action": "revoke", "_selected_action": [key.pk]})
    assert find_key(found.group(), now=now) is None


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
