"""Connectors in the admin: a secret goes in and never comes out."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.gateway.models import Connector, Credential
from apps.gateway.secret import unseal
from tests.conftest import Cast

SECRET = "sk_canary"


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who may use the admin."""
    client.force_login(cast.olga)
    return client


def form(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """What the page sends."""
    values = {"workspace": workspace.pk, "name": "feeds", "kind": "feed", "enabled": "on",
              "address": "http://127.0.0.1:1", "settings": '{"messages": "/m"}',
              "secret": SECRET}  # fmt: skip
    return values | changes


def test_a_connector_is_made_and_its_secret_is_never_shown(
    olgas: Client, workspace: Workspace
) -> None:
    """Not in the page, not after an error, and an empty field keeps it."""
    add = reverse("admin:gateway_connector_add")
    assert olgas.get(add).status_code == 200
    assert olgas.post(add, form(workspace)).status_code == 302
    connector = Connector.objects.get()
    change = reverse("admin:gateway_connector_change", args=[connector.pk])
    assert SECRET not in olgas.get(change).content.decode()
    answer = olgas.post(change, form(workspace, secret="", address="http://127.0.0.1:2"))
    assert answer.status_code == 302
    connector.refresh_from_db()
    assert connector.address == "http://127.0.0.1:2"
    assert unseal(Credential.objects.get().sealed) == SECRET


def test_what_cannot_be_used_is_refused_with_a_reason(olgas: Client, workspace: Workspace) -> None:
    """Nothing is kept, and the page does not repeat the secret."""
    wrong = form(workspace, kind="fax")
    page = olgas.post(reverse("admin:gateway_connector_add"), wrong).content.decode()
    assert "No connector kind" in page
    assert SECRET not in page
    assert not Connector.objects.exists()


def test_another_workspaces_connector_is_not_there(
    olgas: Client, elsewhere: Workspace, now: datetime
) -> None:
    """Neither in the list nor by its id."""
    other = Connector.objects.create(workspace=elsewhere, name="theirs", kind="null",
                                     address="x", changed_at=now)  # fmt: skip
    page = olgas.get(reverse("admin:gateway_connector_changelist")).content.decode()
    assert "theirs" not in page
    change = reverse("admin:gateway_connector_change", args=[other.pk])
    assert olgas.get(change).status_code == 302
    assert olgas.get(reverse("admin:gateway_execution_changelist")).status_code == 200
