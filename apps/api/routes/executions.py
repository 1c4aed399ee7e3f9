"""Executions: what became of approved changes."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.api.auth import Key, key_of
from apps.api.pages import Page, Paging, cut
from apps.api.problems import not_found
from apps.api.schemas.executions import ExecutionDetail, ExecutionState, ExecutionSummary
from apps.gateway import queries

router = Router(tags=["executions"], auth=Key("executions:read"))


@router.get("", response=Page[ExecutionSummary])
def list_executions(
    request: HttpRequest,
    paging: Query[Paging],
    state: ExecutionState | None = None,
    change_id: UUID | None = None,
) -> dict[str, object]:
    """Executions, newest first; in one state or of one change."""
    rows = queries.executions_in(key_of(request).workspace_id)
    rows = rows.defer("params", "snapshot", "receipt")
    rows = rows.filter(state=state) if state else rows
    return cut(
        rows.filter(subject_id=change_id) if change_id else rows, paging, ExecutionSummary.of
    )


@router.get("/{execution_id}", response=ExecutionDetail)
def read_execution(request: HttpRequest, execution_id: UUID) -> ExecutionDetail:
    """One execution with its parameters and the back end's answer."""
    rows = queries.executions_in(key_of(request).workspace_id)
    execution = rows.filter(pk=execution_id).first()
    if execution is None:
        raise not_found("execution")
    return ExecutionDetail.of(execution)
