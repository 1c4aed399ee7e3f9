"""Executions as integrators read them."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from ninja import Schema

from apps.api.schemas.rows import filled
from apps.gateway.models import Execution

ExecutionState = Literal[
    "due", "claimed", "calling", "unknown", "done", "refused", "stale", "cancelled", "compensated",
    "parked", "needs_person",
]  # fmt: skip


class ExecutionSummary(Schema):
    """Carrying out one approved change; `key` is the same on every attempt."""

    id: UUID
    change_id: UUID
    run_id: UUID | None
    connector: str
    action: str
    target: str
    state: ExecutionState
    attempts: int
    key: str
    reference: str
    error: str
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, execution: Execution) -> Self:
        """From the row with its connector."""
        names = {"change_id": execution.subject_id, "connector": execution.connector.name}
        return cls.model_validate(filled(cls, execution, names))


class ExecutionDetail(ExecutionSummary):
    """An execution with its parameters and the back end's answer."""

    binding: str
    params: dict[str, Any]
    snapshot: dict[str, Any]
    receipt: dict[str, Any] | None
    not_before: datetime
