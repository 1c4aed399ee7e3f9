"""Setting up connectors: their address, settings and sealed secret."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.operations import record
from apps.gateway.models import Connector, Credential
from apps.gateway.secret import seal


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
) -> Connector:
    """Make or change the connector `name`; an empty secret leaves the one it has.

    The event tells of address and settings, never of the secret.
    """
    connector, _ = Connector.objects.update_or_create(
        workspace=workspace,
        name=name,
        defaults={
            "kind": kind,
            "address": address,
            "settings": dict(settings),
            "changed_at": now,
        },
    )
    record(
        kind=Kind.CONNECTOR_CHANGED,
        workspace_id=workspace.pk,
        actor=by,
        subject_kind="connector",
        subject_id=connector.pk,
        now=now,
        fields={"name": name, "kind": kind, "address": address},
    )
    if secret:
        rotate_credential(connector=connector, secret=secret, by=by, now=now)
    return connector


@transaction.atomic
def rotate_credential(*, connector: Connector, secret: str, by: str, now: datetime) -> None:
    """Replace the connector's secret; the earlier one cannot be read again."""
    Credential.objects.update_or_create(
        connector=connector, defaults={"sealed": seal(secret), "rotated_at": now}
    )
    record(
        kind=Kind.CREDENTIAL_ROTATED,
        workspace_id=connector.workspace_id,
        actor=by,
        subject_kind="connector",
        subject_id=connector.pk,
        now=now,
    )
