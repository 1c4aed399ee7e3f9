"""Channels in the admin: a secret goes in and never comes out."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.notifications.models import Channel
from apps.notifications.operations import configure_channel
from apps.notifications.operations.channels import secrets_of
from tests.unit.notifications.conftest import SECRET

pytestmark = pytest.mark.django_db
ADD = "admin:notifications_channel_add"


@pytest.fixture
def olgas(cast, client: Client) -> Client:
    """Olga, who may use the admin."""
    client.force_login(cast.olga)
    return client


def form(workspace, **changes):
    """What the page sends."""
    values = {"workspace": workspace.pk, "name": "hook", "kind": "webhook", "enabled": "on",
              "address": "https://hooks.example.com/a", "secret": SECRET, "kinds": ["waiting"],
              "minimum_risk": "low"}  # fmt: skip
    return values | changes


def test_a_channel_is_made_and_its_secret_is_never_shown(olgas, workspace, now):
    """Not in the page, not after an error; an empty field keeps it."""
    assert olgas.get(reverse(ADD)).status_code == 200
    assert olgas.post(reverse(ADD), form(workspace)).status_code == 302
    channel = Channel.objects.get()
    change = reverse("admin:notifications_channel_change", args=[channel.pk])
    assert SECRET not in olgas.get(change).content.decode()
    wrong = olgas.post(change, form(workspace, address="https://10.0.0.1/")).content.decode()
    assert "not in the outside world" in wrong
    assert SECRET not in wrong
    assert olgas.post(change, form(workspace, secret="", kinds=["stopped"])).status_code == 302
    channel.refresh_from_db()
    assert channel.kinds == ["stopped"]
    assert secrets_of(channel, now=now) == (SECRET,)


def test_a_made_secret_is_shown_once(olgas, workspace, now):
    """Right after it was made; the receiver needs it."""
    page = olgas.post(reverse(ADD), form(workspace, secret=""), follow=True).content.decode()
    [secret] = secrets_of(Channel.objects.get(), now=now)
    assert secret in page
    assert (
        secret not in olgas.get(reverse("admin:notifications_channel_changelist")).content.decode()
    )


def test_another_workspaces_channel_is_not_there(olgas, elsewhere, now):
    """Neither in the list nor by its id; notices are only read."""
    other = configure_channel(workspace=elsewhere, name="theirs", kind="mail", secret="",
                              address="m@example.com", by="test", now=now)  # fmt: skip
    page = olgas.get(reverse("admin:notifications_channel_changelist")).content.decode()
    assert "theirs" not in page
    change = reverse("admin:notifications_channel_change", args=[other.pk])
    assert olgas.get(change).status_code == 302
    assert olgas.get(reverse("admin:notifications_notice_changelist")).status_code == 200
    assert olgas.get(reverse("admin:notifications_notice_add")).status_code == 403


def test_a_reviewer_configures_nothing(cast, client, workspace):
    """Only operators and owners do."""
    client.force_login(cast.rita)
    assert client.get(reverse(ADD)).status_code == 302
