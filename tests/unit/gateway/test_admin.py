"""Connectors in the admin: a secret goes in and never comes out."""

from collections.abc import Callable
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
from tests.contract.shops import Shop
from tests.unit.gateway.connectors.conftest import answering, nowhere, shop

__all__ = ["answering", "nowhere", "shop"]  # fixtures
SECRET = "sk_canary"
Answering = Callable[[int, bytes], str]


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who may use the admin."""
    client.force_login(cast.olga)
    return client


@pytest.fixture
def feed(answering: Answering) -> str:
    """The address of a feed with nothing in it."""
    return answering(200, b"[]")


def form(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """What the page sends; switched off, a connector is not asked."""
    values = {"workspace": workspace.pk, "name": "feeds", "kind": "feed",
              "address": "http://127.0.0.1:1", "settings": '{"messages": "/m"}',
              "secret": SECRET}  # fmt: skip
    return values | changes


def test_a_connector_is_made_and_its_secret_is_never_shown(
    olgas: Client, workspace: Workspace, feed: str
) -> None:
    """Not in the page, not after an error, and an empty field keeps it."""
    add = reverse("admin:gateway_connector_add")
    assert olgas.get(add).status_code == 200
    assert olgas.post(add, form(workspace, enabled="on", address=feed)).status_code == 302
    connector = Connector.objects.get()
    change = reverse("admin:gateway_connector_change", args=[connector.pk])
    assert SECRET not in olgas.get(change).content.decode()
    answer = olgas.post(change, form(workspace, secret="", address=f"{feed}/v2", enabled="on"))
    assert answer.status_code == 302
    connector.refresh_from_db()
    assert connector.address == f"{feed}/v2"
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


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(200, b"<html>a shop</html>", "not as expected"), (403, b"", "does not accept the key"),
     (200, b'[{"sku": 1}]', "rows can be read"), (404, b"", "refused")],
)  # fmt: skip
def test_saving_asks_the_system_and_says_what_is_wrong(
    olgas: Client, workspace: Workspace, answering: Answering, status: int, body: bytes, words: str
) -> None:
    """As the guide does: nothing is saved, and what was typed is still there, but for the secret."""
    address = answering(status, body)
    wrong = form(workspace, enabled="on", address=address)
    page = olgas.post(reverse("admin:gateway_connector_add"), wrong).content.decode()
    assert words in page
    assert address in page
    assert SECRET not in page
    assert not Connector.objects.exists()


def test_an_address_that_is_ours_is_not_asked(
    olgas: Client, workspace: Workspace, feed: str, settings: Any
) -> None:
    """The page names the setting by which the operator of the installation would allow it."""
    settings.OUTBOUND_ALLOW = ()
    page = olgas.post(reverse("admin:gateway_connector_add"),
                      form(workspace, enabled="on", address=feed)).content.decode()  # fmt: skip
    assert "Nothing was sent" in page
    assert "OUTBOUND_ALLOW" in page
    assert not Connector.objects.exists()


def test_the_secret_there_is_is_what_is_tried(
    olgas: Client, workspace: Workspace, shop: Shop
) -> None:
    """A shop whose key is kept is asked with it; a wrong new one is not taken."""
    add = reverse("admin:gateway_connector_add")
    shops = form(workspace, kind="medusa", settings="{}", enabled="on", address=shop.address)
    assert olgas.post(add, {**shops, "secret": shop.secret}).status_code == 302
    connector = Connector.objects.get()
    change = reverse("admin:gateway_connector_change", args=[connector.pk])
    again = {**shops, "secret": "", "settings": '{"timeout": "5"}'}
    assert olgas.post(change, again).status_code == 302
    page = olgas.post(change, {**shops, "secret": "sk_wrong"}).content.decode()
    assert "does not accept the key" in page
    assert unseal(Credential.objects.get().sealed) == shop.secret


def test_a_mail_server_is_asked_to_let_us_in(
    olgas: Client, workspace: Workspace, nowhere: str
) -> None:
    """Nothing can be read from one; where none answers it is said."""
    mail = form(workspace, kind="mail", settings='{"from": "a@b.example"}', enabled="on",
                address=f"smtp://{nowhere}")  # fmt: skip
    page = olgas.post(reverse("admin:gateway_connector_add"), mail).content.decode()
    assert "Nothing answers at" in page
    assert not Connector.objects.exists()


def test_a_connector_whose_system_is_away_can_be_slowed_and_switched_off(
    olgas: Client, workspace: Workspace, feed: str, settings: Any
) -> None:
    """What has nothing to do with the call is saved without one; switching it on again asks."""
    add = reverse("admin:gateway_connector_add")
    assert olgas.post(add, form(workspace, enabled="on", address=feed)).status_code == 302
    change = reverse("admin:gateway_connector_change", args=[Connector.objects.get().pk])
    settings.OUTBOUND_ALLOW = ()
    kept = form(workspace, secret="", address=feed)
    slower = {**kept, "enabled": "on", "calls_per_second": "1"}
    assert olgas.post(change, slower).status_code == 302
    assert olgas.post(change, kept).status_code == 302
    assert not Connector.objects.get().enabled
    assert olgas.post(change, slower).status_code == 200


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
