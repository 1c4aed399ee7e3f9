"""The memory in the admin: read it, make it forget."""

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.audit.models import Event
from apps.memory.models import Item
from tests.factories.memory import item


@pytest.fixture
def admin(workspace: Workspace, client: Client) -> Client:
    """A superuser of the one workspace, signed in."""
    user = User.objects.create_superuser("admin@example.com", "correct-horse-battery")
    Membership.objects.create(workspace=workspace, user=user, role="owner")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_items_are_read_and_forgotten_within_the_workspace(
    admin: Client, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Another workspace's items are neither shown nor forgotten, whatever is posted."""
    own = item(workspace, "own words", now=now, subject="customer:own")
    foreign = item(elsewhere, "foreign words", now=now, subject="customer:foreign")
    listing = reverse("admin:memory_item_changelist")
    page = admin.get(listing).content.decode()
    assert "customer:own" in page
    assert "customer:foreign" not in page
    address = reverse("admin:memory_item_change", args=[own.pk])
    assert "own words" in admin.get(address).content.decode()
    admin.post(listing, {"action": "forget", "_selected_action": [str(own.pk), str(foreign.pk)]})
    assert dict(Item.objects.values_list("state", "text")) == {
        "forgotten": "",
        "current": "foreign words",
    }
    assert Event.objects.get(kind="item.forgotten").actor.startswith("user:")


def test_items_are_not_added_changed_or_deleted(
    admin: Client, workspace: Workspace, now: datetime
) -> None:
    """Knowledge changes only by operations that record it."""
    made = item(workspace, "words", now=now)
    assert admin.get(reverse("admin:memory_item_add")).status_code == 403
    address = reverse("admin:memory_item_change", args=[made.pk])
    assert admin.post(address, {"text": "x"}).status_code == 403
    assert admin.post(reverse("admin:memory_item_delete", args=[made.pk])).status_code == 403
