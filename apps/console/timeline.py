"""Events as rows of a trace: in words, sorted, and linked to their proposals."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.audit import queries as audit
from apps.audit.queries import Recorded
from apps.console.names import tell_all
from apps.console.presenters.trace import Filter, Row, concerned, row_of
from apps.proposals import blind
from apps.proposals import queries as proposals

SCANNED = 1_000  # of the newest events a filter looks at; older ones are a page further


@dataclass(frozen=True, kw_only=True)
class Found:
    """Rows, newest first. `older` is where the next page begins, 0 at the end of the log.

    `looked` is how many events the filter looked at.
    """

    rows: list[Row]
    older: int
    looked: int


def rows_of(workspace_id: UUID, events: Sequence[Recorded]) -> list[Row]:
    """The events as rows, in their order, votes that are still secret as such; five queries."""
    told = tell_all(workspace_id, blind.visible_events(events, None))
    changes = {subject for event in told for subject in concerned(event)}
    made = proposals.proposals_of_changes(workspace_id, changes) if changes else {}
    return [row_of(event, made) for event in told]


def find(
    workspace_id: UUID, wanted: Filter, *, run_id: UUID | None, before: int | None, limit: int
) -> Found:
    """The newest events before `before` that are wanted; a bounded look, however long the log."""
    many = SCANNED if wanted.active else limit
    events = audit.latest(workspace_id=workspace_id, before=before, run_id=run_id, limit=many)
    rows = [row for row in rows_of(workspace_id, events) if wanted.takes(row)]
    more = len(events) == many
    if len(rows) > limit:
        rows, more = rows[:limit], True
        oldest = rows[-1].told.event.index
    else:
        oldest = events[-1].index if events else 0
    return Found(rows=rows, older=oldest if more else 0, looked=len(events))
