"""Configuring connectors, and how actions are handled.

A secret goes in, and never comes out in a page, an event or a log.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from cryptography.fernet import InvalidToken
from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.event import Event
from apps.audit.events.connectors import ConnectorChanged, CredentialRotated
from apps.audit.events.guards import ActionChanged
from apps.audit.operations import record
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import ActionSetting, Connector, Credential, WhenAway
from apps.gateway.outbound import origin
from apps.gateway.readers import reader_of
from apps.gateway.secret import seal, unseal


class InvalidConnector(ValueError):
    """A connector cannot be built from this; the text says what is wrong."""


class InvalidSetting(ValueError):
    """An action cannot be handled like this; the text says what is wrong."""


LONGEST_HOLD = 86_400  # seconds: a day


@transaction.atomic
def configure_action(
    *,
    workspace: Workspace,
    action: str,
    hold_seconds: int,
    when_away: str,
    by: str,
    now: datetime,
) -> ActionSetting:
    """Set how the workspace handles an action: from the next approval on.

    Recorded only if something differs from what held before. Raises `InvalidSetting`.
    """
    check_setting(action, hold_seconds, when_away)
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # one setting is made at a time
    existing = ActionSetting.objects.filter(workspace=workspace, action=action).first()
    setting = existing or ActionSetting(workspace=workspace, action=action)
    wanted = {"hold_seconds": hold_seconds, "when_away": when_away}
    before = {field: getattr(setting, field) for field in wanted}
    for field, value in wanted.items():
        setattr(setting, field, value)
    setting.save()
    if before != wanted:
        record(
            ActionChanged(action=action, before=before, after=wanted),
            workspace_id=workspace.pk,
            actor=by,
            subject_kind="action",
            subject_id=setting.pk,
            now=now,
        )
    return setting


def check_setting(action: str, hold_seconds: int, when_away: str) -> None:
    """Raise `InvalidSetting` for what the catalogue or the database would not take."""
    if action not in ACTIONS:
        raise InvalidSetting(f"'{action}' is no action; known: {', '.join(ACTIONS)}.")
    if not 0 <= hold_seconds <= LONGEST_HOLD:
        raise InvalidSetting(f"An approval is held from 0 to {LONGEST_HOLD} seconds.")
    if when_away not in WhenAway.values:
        raise InvalidSetting(f"'{when_away}' is unknown; known: {', '.join(WhenAway.values)}.")


@transaction.atomic
def configure_connector(
    *,
    workspace: Workspace,
    name: str,
    kind: str,
    address: str,
    settings: Mapping[str, str],
    secret: str,
    by: str,
    now: datetime,
    enabled: bool = True,
) -> Connector:
    """Make or change the connector of this name; an empty secret keeps the one there is.

    The one there is goes nowhere but to the host it was entered for: another needs it anew.
    Recorded only if something differs. Raises `InvalidConnector`, and nothing is written.
    """
    wanted = {"kind": kind, "address": address, "settings": dict(settings), "enabled": enabled}
    existing = Connector.objects.select_for_update().filter(workspace=workspace, name=name).first()
    connector = existing or Connector(workspace=workspace, name=name, changed_at=now)
    if existing and not secret:
        require_same_host(existing, address)
    before = {field: getattr(connector, field) for field in wanted} if existing else {}
    changed = [field for field, value in wanted.items() if before.get(field) != value]
    if changed or not existing:
        for field, value in wanted.items():
            setattr(connector, field, value)
        connector.changed_at = now
        connector.save()
        note_change(connector, changed, by=by, now=now)
    if secret:
        rotate_credential(connector=connector, secret=secret, by=by, now=now)
    try:
        reader_of(connector)
    except (LookupError, ValueError) as error:
        raise InvalidConnector(f"The connector '{name}' cannot be used: {error}") from error
    return connector


def require_same_host(connector: Connector, address: str) -> None:
    """Raise `InvalidConnector` if the connector's secret was entered for another host."""
    if origin(connector.address) == origin(address):
        return
    if Credential.objects.filter(connector=connector).exists():
        raise InvalidConnector(
            f"The secret was entered for {connector.address}; write the one for {address} into "
            "the field of the secret."
        )


@transaction.atomic
def limit_rate(
    *, connector: Connector, calls_per_second: float | None, by: str, now: datetime
) -> None:
    """Let all workers together make at most so many calls a second; None: as many as they like.

    A call is one read, one re-read of a target, or one attempt, each of which may be a few HTTP
    requests. Recorded only if it differs. Raises `InvalidConnector` for no rate at all.
    """
    if calls_per_second is not None and not 0 < calls_per_second < math.inf:
        raise InvalidConnector("A rate has to be above zero; to stop all calls switch it off.")
    if connector.calls_per_second == calls_per_second:
        return
    connector.calls_per_second = calls_per_second
    connector.save(update_fields=["calls_per_second"])
    changed = ["calls_per_second"]
    note_change(connector, changed, by=by, now=now)


@transaction.atomic
def rotate_credential(*, connector: Connector, secret: str, by: str, now: datetime) -> None:
    """Replace the connector's secret; the earlier one is gone, the same one changes nothing."""
    credential = Credential.objects.filter(connector=connector).first()
    if credential is not None and opens_to(credential, secret):
        return
    Credential.objects.update_or_create(
        connector=connector, defaults={"sealed": seal(secret), "rotated_at": now}
    )
    note(connector, CredentialRotated(**told(connector)), by=by, now=now)


def secret_of(connector: Connector) -> str:
    """The connector's secret, to ask its system with; empty if there is none that a key opens."""
    credential = Credential.objects.filter(connector=connector).first()
    try:
        return unseal(credential.sealed) if credential else ""
    except InvalidToken:
        return ""


def opens_to(credential: Credential, secret: str) -> bool:
    """Whether the credential holds this secret; one that no key opens holds nothing."""
    try:
        return unseal(credential.sealed) == secret
    except InvalidToken:
        return False


class Told(TypedDict):
    """What each event about a connector says of it; never its secret."""

    name: str
    address: str
    connector_kind: str


def told(connector: Connector) -> Told:
    """How the connector is named in an event."""
    return Told(name=connector.name, address=connector.address, connector_kind=connector.kind)


def note_change(connector: Connector, changed: Sequence[str], *, by: str, now: datetime) -> None:
    """Record which fields of a connector have changed."""
    note(connector, ConnectorChanged(**told(connector), changed=changed), by=by, now=now)


def note(connector: Connector, event: Event, *, by: str, now: datetime) -> None:
    """Record an event about a connector."""
    record(
        event,
        workspace_id=connector.workspace_id,
        actor=by,
        subject_kind="connector",
        subject_id=connector.pk,
        now=now,
    )
