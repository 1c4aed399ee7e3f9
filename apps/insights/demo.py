"""What removing the demo would take away; counts no further than `MOST`."""

from uuid import UUID

from django.db.models import Model, QuerySet

from apps.agents.models import Agent, Run
from apps.gateway.models import Connector, Execution
from apps.memory.models import Item
from apps.proposals.models import Proposal

MOST = 1_000
KINDS: tuple[tuple[str, type[Model]], ...] = (
    ("Agents, with their schedules", Agent),
    ("Connectors, with their keys", Connector),
    ("Runs, with their steps", Run),
    ("Proposals, with their reviews", Proposal),
    ("Executions, with their receipts", Execution),
    ("Things agents remember", Item),
)


def contents(workspace_id: UUID) -> list[tuple[str, int]]:
    """What there is, by what it is called, each counted up to `MOST` + 1. Six queries."""
    return [(words, count(kind._default_manager.all(), workspace_id)) for words, kind in KINDS]


def count(rows: QuerySet[Model], workspace_id: UUID) -> int:
    """How many rows of the workspace there are, up to `MOST` + 1."""
    return rows.filter(workspace_id=workspace_id).values("pk")[: MOST + 1].count()
