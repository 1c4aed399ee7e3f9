"""What was before: earlier changes of the same record, and others about the same customer.

Every read is bounded and stands on an index; none grows with what a workspace has done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform

from apps.gateway.models import Execution
from apps.gateway.models import State as ExecutionState
from apps.proposals.models import Change, Proposal
from apps.proposals.queries import LONG

STEPS = 12  # earlier changes of a record
NEIGHBOURS = 12  # others about the same customer, article or order
HAPPENED = (ExecutionState.DONE, ExecutionState.COMPENSATED)


@dataclass(frozen=True, kw_only=True)
class Past:
    """An earlier change of the record that is proven done."""

    proposal_id: UUID
    at: datetime
    params: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def of_target(change: Change, *, limit: int = STEPS) -> list[Past]:
    """What this action has done to the same record before, oldest first; one query."""
    done = Execution.objects.filter(subject_id=OuterRef("pk"), state__in=HAPPENED)
    rows = (
        Change.objects.filter(
            Exists(done),
            workspace_id=change.workspace_id,
            target=change.target,
            action=change.action,
            pk__lt=change.pk,
        )
        .annotate(
            done_at=Subquery(done.order_by("-pk").values("finished_at")[:1]),
            made_at=F("proposal__created_at"),
        )
        .order_by("-pk")
        .only("proposal_id", "params", "before", "after")[:limit]
    )
    return [
        Past(
            proposal_id=row.proposal_id,
            at=row.done_at or row.made_at,
            params=row.params,
            before=row.before,
            after=row.after,
        )
        for row in reversed(rows)
    ]


def around(
    proposal: Proposal, changes: Sequence[Change], *, limit: int = NEIGHBOURS
) -> list[Proposal]:
    """Other proposals about the same customer or article, or which touch the same record.

    Newest first, whatever became of them, without their long texts; one query.
    """
    touched = Change.objects.filter(
        workspace_id=proposal.workspace_id, target__in=[change.target for change in changes]
    ).exclude(proposal=proposal)
    near = touched.order_by("-pk").values_list("proposal_id")[:limit]
    if named := about(proposal):
        own = Proposal.objects.filter(workspace_id=proposal.workspace_id).exclude(pk=proposal.pk)
        alike = own.annotate(about=KeyTextTransform("about", "case")).filter(about=named)
        near = near.union(alike.order_by("-pk").values_list("pk")[:limit])
    rows = Proposal.objects.filter(pk__in=near).defer(*LONG)
    return list(rows.order_by("-pk")[:limit])


def about(proposal: Proposal) -> str:
    """Whom or what a proposal is about, as its proposer says: `customer:...`, `sku:...`."""
    case = proposal.case
    return str(case.get("about") or "") if isinstance(case, Mapping) else ""
