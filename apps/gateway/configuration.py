"""Configuring connectors. A secret goes in, and never comes out in a page, an event or a log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.operations import record
from apps.gateway import queries
from apps.gateway.models import Connector, Credential
from apps.gateway.secret import seal, unseal


class InvalidConnector(ValueError):
    """A connector cannot be built from this; the text says what is wrong."""


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

    Recorded only if something differs. Raises `InvalidConnector`, and nothing is written.
    """
    wanted = {"kind": kind, "address": address, "settings": dict(settings), "enabled": enabled}
    existing = Connector.objects.select_for_update().filter(workspace=workspace, name=name).first()
    connector = existing or Connector(workspace=workspace, name=name, changed_at=now)
    before = {field: getattr(connector, field) for field in wanted} if existing else {}
    changed = [field for field, value in wanted.items() if before.get(field) != value]
    if changed or not existing:
        for field, value in wanted.items():
            setattr(connector, field, value)
        connector.changed_at = now
        connector.save()
        note(connector, Kind.CONNECTOR_CHANGED, by=by, now=now, changed=changed)
    if secret:
        rotate_credential(connector=connector, secret=secret, by=by, now=now)
    try:
        queries.client_of(connector)
    except (LookupError, ValueError) as error:
        raise InvalidConnector(f"The connector '{name}' cannot be used: {error}") from error
    return connector


@transaction.atomic
def rotate_credential(*, connector: Connector, secret: str, by: str, now: datetime) -> None:
    """Replace the connector's secret; the earlier one is gone, the same one changes nothing."""
    credential = Credential.objects.filter(connector=connector).first()
    if credential is not None and opens_to(credential, secret):
        return
    Credential.objects.update_or_create(
        connector=connector, defaults={"sealed": seal(secret), "rotated_at": now}
    )
    note(connector, Kind.CREDENTIAL_ROTATED, by=by, now=now)


def opens_to(credential: Credential, secret: str) -> bool:
    """Whether the credential holds this secret; one that no key opens holds nothing."""
    try:
        return unseal(credential.sealed) == secret
    except InvalidToken:
        return False


def note(connector: Connector, kind: Kind, *, by: str, now: datetime, **fields: Any) -> None:
    """Record an event about a connector: which fields changed, never their secrets."""
    record(
        kind=kind,
        workspace_id=connector.workspace_id,
        actor=by,
        subject_kind="connector",
        subject_id=connector.pk,
        now=now,
        fields={
            "name": connector.name,
            "kind": connector.kind,
            "address": connector.address,
            **fields,
        },
    )
