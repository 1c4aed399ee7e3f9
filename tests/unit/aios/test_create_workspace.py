"""A workspace for a shop of one's own: complete but for its connectors and agents."""

import re
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User, Workspace
from apps.accounts.permissions import can
from apps.agents.models import Agent
from apps.agents.playbooks.registry import default_policies
from apps.audit.models import Payload
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector
from apps.policies.queries import guardrails
from tests.factories.authority import can_approve


def create(name: str = "My shop", owner: str = "you@example.com") -> str:
    """Run the command; what it says."""
    said = StringIO()
    call_command("create_workspace", name, "--owner", owner, stdout=said)
    return said.getvalue()


def password_in(said: str) -> str:
    """The password it shows."""
    found = re.search(r"password: +(\S+) \(shown once\)", said)
    assert found
    return found[1]


@pytest.mark.django_db
def test_the_owner_may_do_everything() -> None:
    """Sign in, open every page of the admin, and approve each action at any amount."""
    password = password_in(create(owner="You@Example.com"))
    owner, workspace = User.objects.get(email="you@example.com"), Workspace.objects.get()
    assert owner.check_password(password)
    assert owner.is_staff
    assert owner.is_superuser
    assert can(owner, "administer", workspace.pk)
    assert len(ACTIONS) == 7
    for action in ACTIONS:
        assert can_approve(owner, workspace_id=workspace.pk, action=action,
                           amount=Decimal(100_000), currency="USD")  # fmt: skip


@pytest.mark.django_db
def test_the_policies_are_published_and_nothing_acts_yet() -> None:
    """No connector, no agent, and no demo."""
    create()
    workspace = Workspace.objects.get()
    assert (workspace.name, workspace.slug, workspace.is_demo) == ("My shop", "my-shop", False)
    assert len(guardrails(workspace.pk).versions) == len(default_policies())
    assert not Connector.objects.exists()
    assert not Agent.objects.exists()


@pytest.mark.django_db
def test_a_person_who_is_known_keeps_their_password() -> None:
    """They own a second workspace beside the first."""
    password = password_in(create())
    assert "the one this person has already" in create("Second shop")
    owner = User.objects.get()
    assert owner.check_password(password)
    assert owner.memberships.count() == 2


@pytest.mark.django_db
def test_a_name_without_ascii_letters_is_taken() -> None:
    """Twice, if they differ."""
    create("店")
    create("薬局", "other@example.com")
    assert Workspace.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "owner", "reason"),
    [
        ("my SHOP", "you@example.com", "choose another name"),
        ("Demo", "you@example.com", "kept for the demo"),
        (" ", "you@example.com", "between 1 and 200"),
        ("x" * 201, "you@example.com", "between 1 and 200"),
        ("Other", "you", "'you' is not an e-mail address"),
    ],
)
def test_what_cannot_be_is_refused(name: str, owner: str, reason: str) -> None:
    """And leaves nothing behind."""
    create()
    with pytest.raises(CommandError, match=reason):
        create(name, owner)
    assert Workspace.objects.count() == 1
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_password_is_not_in_the_audit_log() -> None:
    """It is shown, and kept nowhere."""
    password = password_in(create())
    assert password not in str(list(Payload.objects.values("fields")))
