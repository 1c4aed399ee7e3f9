"""Deleting the connectors of a workspace with everything that was done through them."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts import erasure
from apps.gateway.configuration import note_change
from apps.gateway.models import Connector, Execution, Grant, KillSwitch, Scope, State

AT_A_BACK_END = (State.CLAIMED, State.CALLING)


@transaction.atomic
def switch_off(*, workspace_id: UUID, by: str, now: datetime) -> None:
    """Let nothing new be called through any connector of the workspace."""
    rows = Connector.objects.select_for_update().filter(workspace_id=workspace_id, enabled=True)
    for connector in rows.order_by("pk"):
        connector.enabled, connector.changed_at = False, now
        connector.save(update_fields=["enabled", "changed_at"])
        note_change(connector, ["enabled"], by=by, now=now)


def is_at_work(*, workspace_id: UUID, now: datetime) -> bool:
    """Whether a worker is at some back end for the workspace, or might still be."""
    taken = Execution.objects.filter(state__in=AT_A_BACK_END, lease_until__gt=now)
    return taken.filter(workspace_id=workspace_id).exists()


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` grants, executions and connectors, newest first; empty at the end.

    Credentials, breakers and kept answers go with their connector, and so do the kill switches of
    agents and connectors; what stops an action or everything goes on stopping it.
    """
    targets = (Scope.AGENT, Scope.CONNECTOR)
    return erasure.take(
        [
            Grant.objects.filter(workspace_id=workspace_id),
            Execution.objects.filter(workspace_id=workspace_id),
            KillSwitch.objects.filter(workspace_id=workspace_id, scope__in=targets),
            Connector.objects.filter(workspace_id=workspace_id),
        ],
        most=most,
    )
