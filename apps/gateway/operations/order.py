"""Queueing approved changes: the key that makes an effect happen once is derived here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from apps.audit.kinds import Kind
from apps.audit.operations import record_all
from apps.gateway import catalogue
from apps.gateway.models import Connector, Execution
from apps.gateway.operations.outcome import fact


@dataclass(frozen=True, kw_only=True)
class Order:
    """One approved change to be carried out; `binding` is the hash the approval was given on."""

    workspace_id: UUID
    connector: Connector
    subject_id: UUID
    run_id: UUID | None
    binding: str
    action: str
    params: dict[str, Any]
    snapshot: dict[str, Any]
    priority: int
    not_before: datetime


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


def schedule(orders: Sequence[Order], *, by: str, now: datetime) -> list[Execution]:
    """Queue approved changes, in the transaction of their approval."""
    executions = [
        Execution(
            workspace_id=order.workspace_id,
            connector=order.connector,
            subject_id=order.subject_id,
            run_id=order.run_id,
            binding=order.binding,
            key=idempotency_key(order),
            action=order.action,
            params=order.params,
            target=catalogue.spec(order.action).target(order.params),
            snapshot=order.snapshot,
            priority=order.priority,
            not_before=order.not_before,
            created_at=now,
        )
        for order in orders
    ]
    Execution.objects.bulk_create(executions)
    record_all([fact(Kind.EXECUTION_DUE, e, by, target=e.target) for e in executions], now=now)
    return executions
