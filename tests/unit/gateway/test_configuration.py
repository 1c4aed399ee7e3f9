"""Configuring connectors: idempotent, recorded, and no secret anywhere."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.gateway.configuration import (
    InvalidConnector,
    InvalidSetting,
    configure_action,
    configure_connector,
)
from apps.gateway.models import ActionSetting, Connector, Credential
from apps.gateway.secret import unseal

SECRET = "sk_canary"


def configure(workspace: Workspace, now: datetime, **changes: Any) -> Connector:
    """A feed, with changes."""
    wanted = {"name": "feed", "kind": "feed", "address": "http://127.0.0.1:1",
              "settings": {"messages": "/m"}, "secret": SECRET}  # fmt: skip
    return configure_connector(workspace=workspace, by="user:1", now=now, **(wanted | changes))


def kinds() -> list[str]:
    """The kinds of events so far."""
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(
    "address",
    ["http://evil.test:1", "https://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:1@evil.test",
     "http://evil.test/http://127.0.0.1:1"],
)  # fmt: skip
def test_a_secret_goes_to_no_other_host(workspace: Workspace, now: datetime, address: str) -> None:
    """Who may configure but does not know the secret cannot have it sent to a server of theirs."""
    connector = configure(workspace, now)
    with pytest.raises(InvalidConnector, match="entered for"):
        configure(workspace, now, address=address, secret="")
    connector.refresh_from_db()
    assert connector.address == "http://127.0.0.1:1"
    assert configure(workspace, now, address=address, secret="sk_of_there").address == address


def test_a_path_at_the_same_host_needs_no_new_secret(workspace: Workspace, now: datetime) -> None:
    """Nor does a host without a secret."""
    configure(workspace, now)
    configure(workspace, now, address="http://127.0.0.1:1/v2", secret="")
    configure(workspace, now, name="open", secret="")
    moved = configure(workspace, now, name="open", address="http://127.0.0.1:2", secret="")
    assert moved.address == "http://127.0.0.1:2"


def test_a_connector_is_made_with_its_secret_sealed(workspace: Workspace, now: datetime) -> None:
    """The secret is in one place, encrypted, and in no event."""
    connector = configure(workspace, now)
    sealed = bytes(Credential.objects.get(connector=connector).sealed)
    assert SECRET.encode() not in sealed
    assert unseal(sealed) == SECRET
    assert kinds() == ["connector.changed", "credential.rotated"]
    assert SECRET not in str(list(Payload.objects.values_list("fields", flat=True)))


def test_doing_it_again_changes_nothing(workspace: Workspace, now: datetime) -> None:
    """So a second start of the demo leaves no trace."""
    configure(workspace, now)
    later = now + timedelta(hours=1)
    assert configure(workspace, later).changed_at == now
    assert configure(workspace, later, secret="").changed_at == now
    assert len(kinds()) == 2
    assert Credential.objects.get().rotated_at == now


def test_a_change_and_a_new_secret_are_recorded(workspace: Workspace, now: datetime) -> None:
    """Each with its own event; an empty secret keeps the old one."""
    configure(workspace, now)
    later = now + timedelta(hours=1)
    configure(workspace, later, address="http://127.0.0.1:1/v2", secret="")
    assert unseal(Credential.objects.get().sealed) == SECRET
    configure(workspace, later, address="http://127.0.0.1:1/v2", secret="other")
    assert unseal(Credential.objects.get().sealed) == "other"
    assert kinds()[2:] == ["connector.changed", "credential.rotated"]
    fields = Payload.objects.order_by("event_id").values_list("fields", flat=True)
    assert fields[2]["changed"] == ["address"]


@pytest.mark.parametrize(
    "changes", [{"kind": "fax"}, {"settings": {"messages": "http://evil.example/"}}]
)
def test_what_cannot_be_built_is_refused(
    workspace: Workspace, now: datetime, changes: dict[str, Any]
) -> None:
    """And nothing is kept."""
    with pytest.raises(InvalidConnector, match="'feed' cannot be used"):
        configure(workspace, now, **changes)
    assert not Connector.objects.exists()
    assert not kinds()


def test_how_an_action_is_handled_is_recorded_once(workspace: Workspace, now: datetime) -> None:
    """What holds already is no change, the defaults included; what does not fit is refused."""
    wanted: dict[str, Any] = {"workspace": workspace, "action": "set_price", "by": "user:1",
                              "now": now}  # fmt: skip
    configure_action(**wanted, hold_seconds=0, when_away="wait")
    assert kinds() == []
    for _ in range(2):
        configure_action(**wanted, hold_seconds=20, when_away="wait")
    assert kinds() == ["action.changed"]
    for changes in ({"action": "fly"}, {"hold_seconds": -1}, {"when_away": "never"}):
        values = wanted | {"hold_seconds": 5, "when_away": "wait"} | changes
        with pytest.raises(InvalidSetting):
            configure_action(**values)
    assert ActionSetting.objects.get().hold_seconds == 20
