"""What opens in the admin follows from roles."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import operations
from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from tests.conftest import Cast

OPERATED = ("agents_agent", "agents_run", "audit_event", "gateway_connector", "inference_tier",
            "memory_item", "policies_policy", "django_celery_beat_periodictask")  # fmt: skip
OWNED = ("accounts_user", "accounts_invitation", "accounts_membership", "accounts_authority",
         "accounts_apikey")  # fmt: skip


def opens(client: Client, model: str) -> bool:
    """Whether the list of the model opens."""
    status = client.get(reverse(f"admin:{model}_changelist")).status_code
    assert status in (200, 403)
    return status == 200


def test_owners_open_everything_operators_what_they_configure(client: Client, cast: Cast) -> None:
    """Without any permission of their own; the sidebar offers the same."""
    for person, owns in ((cast.olga, True), (cast.otto, False)):
        client.force_login(person)
        assert all(opens(client, model) for model in OPERATED)
        assert [opens(client, model) for model in OWNED] == [owns] * len(OWNED)
        index = client.get("/admin/").content.decode()
        assert reverse("admin:policies_policy_changelist") in index
        assert (reverse("admin:accounts_user_changelist") in index) == owns


def test_reviewers_have_no_admin(client: Client, cast: Cast) -> None:
    """They are told so, and not asked to sign in again."""
    client.force_login(cast.rita)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "You may not do this" in answer.content.decode()


def test_strangers_sign_in_where_everybody_does(client: Client, db: None) -> None:
    """And come back afterwards."""
    answer = client.get("/admin/policies/", follow=True)
    path, status = answer.redirect_chain[-1]
    assert status == 302
    assert path.startswith("/accounts/login/?next=")
    assert "policies" in path


@pytest.mark.parametrize("role", ["reviewer", "operator"])
def test_a_role_counts_where_it_is_held(
    role: str, client: Client, cast: Cast, workspace: Workspace, policy: Version, now: datetime
) -> None:
    """An owner elsewhere who reviews here sees no rows here; one who operates here does."""
    operations.add_member(workspace=workspace, user=cast.mallory, role=role, by="test", now=now)
    kept = Connector.objects.create(workspace=workspace, name="ours", kind="null", address="x",
                                    changed_at=now)  # fmt: skip
    client.force_login(cast.mallory)
    sees = role == "operator"
    for page, text in (("policies_policy", policy.policy.name), ("gateway_connector", kept.name)):
        listed = client.get(reverse(f"admin:{page}_changelist")).content.decode()
        assert (text in listed) == sees
    page = reverse("admin:gateway_connector_change", args=[kept.pk])
    assert client.get(page).status_code == (200 if sees else 302)
    add = client.get(reverse("admin:gateway_connector_add")).content.decode()
    assert (workspace.name in add) == sees
    people = client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert cast.jun.email not in people  # owning elsewhere, not here


def test_a_role_opens_and_closes_the_admin(
    cast: Cast, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """The last role that configures counts, in whatever workspace."""

    def give(place: Workspace, role: str) -> bool:
        operations.add_member(workspace=place, user=cast.jun, role=role, by="test", now=now)
        cast.jun.refresh_from_db()
        return cast.jun.is_staff

    assert give(workspace, "operator")
    assert give(elsewhere, "reviewer")
    assert not give(workspace, "reviewer")
    assert give(elsewhere, "owner")
    place = elsewhere.memberships.get(user=cast.jun)
    operations.remove_member(membership=place, by="test", now=now)
    cast.jun.refresh_from_db()
    assert not cast.jun.is_staff
