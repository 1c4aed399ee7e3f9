"""Executions with the proposals they carry out, their grants and what the log tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.audit import queries as audit
from apps.audit.queries import Recorded
from apps.gateway import queries as gateway
from apps.gateway.models import Execution, Grant
from apps.proposals import queries as proposals
from apps.proposals.models import Change
from apps.proposals.queries import ChangeView

HEAVY = ("params", "snapshot", "receipt", "progress")  # columns a list does not read


@dataclass(frozen=True, kw_only=True)
class Listed:
    """An execution with the change it carries out, whose proposal is loaded (None: not there)."""

    execution: Execution
    change: Change | None


@dataclass(frozen=True, kw_only=True)
class ExecutionView:
    """One execution in full: grants oldest first, events in order; `change` None: not there."""

    execution: Execution
    change: ChangeView | None
    grants: list[Grant]
    events: list[Recorded]


def listed(
    workspace_id: UUID,
    *,
    state: str = "",
    connector_id: UUID | None = None,
    action: str = "",
    before: UUID | None = None,
    limit: int,
) -> list[Listed]:
    """Executions behind `before`, newest first, narrowed by what is given; two queries."""
    rows = gateway.executions_in(workspace_id).defer(*HEAVY)
    if state:
        rows = rows.filter(state=state)
    if connector_id:
        rows = rows.filter(connector_id=connector_id)
    if action:
        rows = rows.filter(action=action)
    if before:
        rows = rows.filter(pk__lt=before)
    return with_changes(list(rows[:limit]))


def with_changes(executions: Sequence[Execution]) -> list[Listed]:
    """Each execution with its change and proposal; one query."""
    changes = Change.objects.select_related("proposal").only(
        "target", "action", "proposal__title", "proposal__state", "proposal__agent"
    )
    found = changes.in_bulk([execution.subject_id for execution in executions])
    return [
        Listed(execution=listed_execution, change=found.get(listed_execution.subject_id))
        for listed_execution in executions
    ]


def detail(workspace_id: UUID, execution_id: UUID) -> ExecutionView:
    """One execution in full; six queries. Raises `Execution.DoesNotExist`."""
    execution = gateway.executions_in(workspace_id).get(pk=execution_id)
    changes = Change.objects.select_related(
        "proposal", "connector", "decision__version__policy"
    ).filter(pk=execution.subject_id, workspace_id=workspace_id)
    change = changes.first()
    return ExecutionView(
        execution=execution,
        change=proposals.view(change, execution) if change else None,
        grants=list(execution.grants.order_by("id")),
        events=audit.history(subject_kind="execution", subject_ids=[execution_id]),
    )
