"""Queueing approved changes: the key that makes an effect happen once is derived here."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785
from django.conf import settings
from django.db import connection
from uuid_utils.compat import uuid7

from apps.audit import failpoints
from apps.audit.events.executions import ExecutionDue
from apps.audit.operations import Fact, record_all
from apps.gateway import catalogue
from apps.gateway.models import Connector, Execution
from apps.gateway.operations.grants import action_hash
from apps.gateway.operations.outcome import fact, told


@dataclass(frozen=True, kw_only=True)
class Order:
    """One approved change to be carried out; `binding` is the hash the approval was given on.

    `amount` is the money it moves (None: none), in `currency`. `begun`: an earlier change of the
    same approval is done, so that there is nothing left to hold.
    """

    workspace_id: UUID
    connector: Connector
    subject_id: UUID
    run_id: UUID | None
    agent_id: UUID | None
    binding: str
    action: str
    params: dict[str, Any]
    snapshot: dict[str, Any]
    amount: str | None
    currency: str
    priority: int
    begun: bool = False


def idempotency_key(order: Order) -> str:
    """SHA-256 over tenant, change and approved content: the same on every attempt."""
    content: dict[str, Any] = {
        "workspace": str(order.workspace_id),
        "change": str(order.subject_id),
        "binding": order.binding,
        "action": order.action,
        "params": order.params,
    }
    return hashlib.sha256(rfc8785.dumps(content)).hexdigest()


# Each execution starts once the hold window of its action is over, unless it goes on with a set
# that has begun; its grant lives from then on.
SCHEDULE = """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS g(
            id uuid, workspace_id uuid, connector_id uuid, subject_id uuid, run_id uuid,
            agent_id uuid, binding text, key text, action text, params jsonb, target text,
            snapshot jsonb, priority smallint, grant_id uuid, action_hash text, amount numeric,
            currency text, begun boolean)
    ),
    timed AS (
        SELECT given.*, %(now)s + CASE WHEN begun THEN 0 ELSE coalesce(s.hold_seconds, 0) END
                                  * interval '1 second' AS not_before
        FROM given LEFT JOIN gateway_actionsetting s USING (workspace_id, action)
    ),
    queued AS (
        INSERT INTO gateway_execution (
            id, workspace_id, connector_id, subject_id, run_id, agent_id, binding, key, action,
            params, target, snapshot, priority, state, not_before, worker, attempts, deliveries,
            progress, reference, error, created_at, reported)
        SELECT id, workspace_id, connector_id, subject_id, run_id, agent_id, binding, key, action,
               params, target, snapshot, priority, 'due', not_before, '', 0, 0,
               '[]', '', '', %(now)s, false
        FROM timed
    ),
    minted AS (
        INSERT INTO gateway_grant (
            id, workspace_id, execution_id, connector_id, run_id, action_hash, amount, currency,
            minted_by, minted_at, expires_at)
        SELECT grant_id, workspace_id, id, connector_id, run_id, action_hash, amount, currency,
               %(by)s, %(now)s, not_before + %(seconds)s * interval '1 second'
        FROM timed
    )
    SELECT id, not_before FROM timed
"""


def schedule(
    orders: Sequence[Order], *, by: str, now: datetime, because: Sequence[Fact] = ()
) -> list[Execution]:
    """Queue approved changes and mint their grants, in the transaction of their approval.

    `because` are the caller's events that led to this; all are recorded in one statement.
    """
    if not orders:
        record_all(because, now=now)
        return []
    executions = [execution_of(order, now=now) for order in orders]
    rows = [row_of(*pair) for pair in zip(executions, orders, strict=True)]
    values: dict[str, Any] = {
        "rows": json.dumps(rows),
        "now": now,
        "by": by,
        "seconds": settings.GATEWAY_GRANT_SECONDS,
    }
    with connection.cursor() as sql:
        sql.execute(SCHEDULE, values)
        starts = dict(sql.fetchall())
    for execution in executions:
        execution.not_before = starts[execution.pk]
    due = [
        fact(
            ExecutionDue(
                **told(e),
                target=e.target,
                grant=row["grant_id"],
                not_before=e.not_before.isoformat(),
            ),
            e,
            by,
        )
        for e, row in zip(executions, rows, strict=True)
    ]
    record_all([*because, *due], now=now)
    failpoints.reach("after_mint")
    return executions


def execution_of(order: Order, *, now: datetime) -> Execution:
    """The execution of an order, not yet saved."""
    return Execution(
        workspace_id=order.workspace_id,
        connector=order.connector,
        subject_id=order.subject_id,
        run_id=order.run_id,
        agent_id=order.agent_id,
        binding=order.binding,
        key=idempotency_key(order),
        action=order.action,
        params=order.params,
        target=catalogue.spec(order.action).target(order.params),
        snapshot=order.snapshot,
        priority=order.priority,
        not_before=now,
        created_at=now,
    )


def row_of(execution: Execution, order: Order) -> dict[str, Any]:
    """An execution and its grant as one row of JSON values."""
    return {
        "id": str(execution.pk),
        "workspace_id": str(execution.workspace_id),
        "connector_id": str(execution.connector_id),
        "subject_id": str(execution.subject_id),
        "run_id": str(execution.run_id) if execution.run_id else None,
        "agent_id": str(execution.agent_id) if execution.agent_id else None,
        "binding": execution.binding,
        "key": execution.key,
        "action": execution.action,
        "params": execution.params,
        "target": execution.target,
        "snapshot": execution.snapshot,
        "priority": execution.priority,
        "grant_id": str(uuid7()),
        "action_hash": action_hash(
            execution, amount=order.amount, currency=order.currency, run_id=order.run_id
        ),
        "amount": order.amount,
        "currency": order.currency,
        "begun": order.begun,
    }
