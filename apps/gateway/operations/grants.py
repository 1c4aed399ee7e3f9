"""Grants: minted with the decision, consumed with the intent, each good for one call.

A grant is sealed with the application's key, so that a row written past the product opens nothing,
and names exactly what may be called. A call that surely did not happen gives its permission back
as a new grant which lives no longer than the first.
"""

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785
from django.db import connection
from django.utils.crypto import constant_time_compare, salted_hmac
from uuid_utils.compat import uuid7

from apps.gateway.models import Execution, Grant
from apps.money.currency import written

log = logging.getLogger(__name__)

NONE_OPEN = "No open permission covers this call: it was used, withdrawn or never given."
EXPIRED = "The permission to act has lapsed; it has to be decided anew."
OTHER = "The permission was given for another action, amount, connector or workspace."


def action_hash(
    execution: Execution, *, amount: str | None, currency: str, run_id: UUID | None
) -> str:
    """HMAC-SHA256 over what may be called: where, which action, with what, for which task."""
    content: dict[str, Any] = {
        "workspace": str(execution.workspace_id),
        "connector": str(execution.connector_id),
        "execution": str(execution.pk),
        "run": str(run_id) if run_id else None,
        "binding": execution.binding,
        "key": execution.key,
        "action": execution.action,
        "params": execution.params,
        "amount": amount,
        "currency": currency,
    }
    return salted_hmac(__name__, rfc8785.dumps(content), algorithm="sha256").hexdigest()


def fault_of(grant: Grant | None, execution: Execution, *, now: datetime) -> str:
    """Why the grant does not cover the call; empty if it does."""
    if grant is None:
        return NONE_OPEN
    if grant.expires_at <= now:
        return EXPIRED
    amount = None if grant.amount is None else written(grant.amount, grant.currency)
    sealed = action_hash(execution, amount=amount, currency=grant.currency, run_id=grant.run_id)
    places = (grant.workspace_id, grant.connector_id, grant.run_id)
    same = places == (execution.workspace_id, execution.connector_id, execution.run_id)
    return "" if same and constant_time_compare(sealed, grant.action_hash) else OTHER


def consume(executions: Sequence[Execution], *, now: datetime) -> dict[UUID, str]:
    """Use up the grants of these calls; answers why for those that have none (by execution).

    Runs in the transaction that commits the intent: a call and its grant go together.
    """
    rows = Grant.objects.select_for_update().filter(
        execution__in=[e.pk for e in executions], consumed_at=None, revoked_at=None
    )
    grants = {grant.execution_id: grant for grant in rows}
    faults = {e.pk: fault_of(grants.get(e.pk), e, now=now) for e in executions}
    used = [grant.pk for pk, grant in grants.items() if not faults[pk]]
    if used:
        Grant.objects.filter(pk__in=used).update(consumed_at=now)
    refused = {pk: fault for pk, fault in faults.items() if fault}
    for pk, fault in refused.items():
        log.warning("Execution %s was not called: %s", pk, fault)
    return refused


def lasts(execution: Execution, *, now: datetime) -> bool:
    """Whether what was permitted may still be done at this time, used permissions included."""
    rows = Grant.objects.filter(execution=execution, revoked_at=None, expires_at__gt=now)
    return rows.exists()


RENEW = """
    INSERT INTO gateway_grant (id, workspace_id, execution_id, connector_id, run_id, action_hash,
                               amount, currency, minted_by, minted_at, expires_at)
    SELECT DISTINCT ON (used.execution_id)
           n.id, workspace_id, used.execution_id, connector_id, run_id, action_hash,
           amount, currency, 'gateway', %s, expires_at
    FROM jsonb_to_recordset(%s::jsonb) AS n(id uuid, execution_id uuid)
    JOIN gateway_grant used ON used.execution_id = n.execution_id AND consumed_at IS NOT NULL
    ORDER BY used.execution_id, used.id DESC
    ON CONFLICT DO NOTHING
"""


def renew(execution_ids: Sequence[UUID], *, now: datetime) -> None:
    """New grants for calls that surely did not happen, good until the first would have been."""
    rows = [{"id": str(uuid7()), "execution_id": str(pk)} for pk in execution_ids]
    with connection.cursor() as sql:
        sql.execute(RENEW, [now, json.dumps(rows)])


def revoke(execution_ids: Sequence[UUID], *, now: datetime) -> int:
    """Withdraw the open grants of these executions; return how many there were."""
    open_grants = Grant.objects.filter(
        execution__in=execution_ids, consumed_at=None, revoked_at=None
    )
    return open_grants.update(revoked_at=now)
