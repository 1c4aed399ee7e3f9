"""Connectors in the admin: a secret goes in and never comes out."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.gateway.models import ActionSetting, Connector, Credential
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
    answer = olgas.post(change, form(workspace, secret="", address="http://127.0.0.1:1/v2"))
    assert answer.status_code == 302
    connector.refresh_from_db()
    assert connector.address == "http://127.0.0.1:1/v2"
    elsewhere = form(workspace, secret="", address="http://127.0.0.1:2")
    assert "entered for" in olgas.post(change, elsewhere).content.decode()
    assert unseal(Credential.objects.get().sealed) == SECRET


def test_a_rate_is_set_with_its_event(olgas: Client, workspace: Workspace) -> None:
    """At most so many calls a second; empty again: no limit. Zero is refused."""
    add = reverse("admin:gateway_connector_add")
    assert olgas.post(add, form(workspace, calls_per_second="2.5")).status_code == 302
    connector = Connector.objects.get()
    assert connector.calls_per_second == 2.5
    change = reverse("admin:gateway_connector_change", args=[connector.pk])
    assert olgas.post(change, form(workspace, calls_per_second="0")).status_code == 200
    assert olgas.post(change, form(workspace, calls_per_second="")).status_code == 302
    connector.refresh_from_db()
    assert connector.calls_per_second is None
    changed = [fields["changed"] for fields in Payload.objects.values_list("fields", flat=True)
               if "changed" in fields]  # fmt: skip
    assert changed.count(["calls_per_second"]) == 2


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


def test_how_an_action_is_handled_is_set_with_its_event(
    olgas: Client, cast: Cast, workspace: Workspace
) -> None:
    """Chosen from the catalogue, once each, with who set what from what."""
    add = reverse("admin:gateway_actionsetting_add")
    assert "Refund payment" in olgas.get(add).content.decode()
    wanted = {"workspace": workspace.pk, "action": "refund_payment", "hold_seconds": "30",
              "when_away": "person"}  # fmt: skip
    assert olgas.post(add, wanted).status_code == 302
    setting = ActionSetting.objects.get()
    assert (setting.action, setting.hold_seconds, setting.when_away) == (
        "refund_payment", 30, "person"
    )  # fmt: skip
    assert olgas.post(add, wanted).status_code == 200  # there is one already
    change = reverse("admin:gateway_actionsetting_change", args=[setting.pk])
    answer = olgas.post(change, {"hold_seconds": "60", "when_away": "wait"})
    assert answer.status_code == 302
    events = Event.objects.filter(kind="action.changed").order_by("id")
    assert {event.actor for event in events} == {cast.olga.actor}
    fields = [Payload.objects.get(event_id=event.pk).fields for event in events]
    assert fields[1] == {
        "action": "refund_payment",
        "before": {"hold_seconds": 30, "when_away": "person"},
        "after": {"hold_seconds": 60, "when_away": "wait"},
    }
    assert len(fields) == 2


def test_an_approval_is_not_held_for_ever(olgas: Client, workspace: Workspace) -> None:
    """More than a day is refused with the reason; nothing can be deleted."""
    add = reverse("admin:gateway_actionsetting_add")
    wrong = {"workspace": workspace.pk, "action": "set_price", "hold_seconds": "90000",
             "when_away": "wait"}  # fmt: skip
    assert "0 to 86400 seconds" in olgas.post(add, wrong).content.decode()
    assert not ActionSetting.objects.exists()
    setting = ActionSetting.objects.create(workspace=workspace, action="set_price")
    delete = reverse("admin:gateway_actionsetting_delete", args=[setting.pk])
    assert olgas.post(delete, {"post": "yes"}).status_code == 403
