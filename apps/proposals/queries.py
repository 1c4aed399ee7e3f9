"""Reading proposals: what waits, one in full, what happened to similar ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Q, QuerySet, Value, When

from apps.gateway import queries as gateway
from apps.gateway.catalogue import ActionSpec, spec
from apps.gateway.models import Execution
from apps.policies.models import Decision
from apps.proposals.changes import FieldDiff, diff
from apps.proposals.models import OPEN_STATES, Change, Proposal, Review, Risk, State

FOR_A_PERSON = (State.WAITING, State.NEEDS_PERSON)  # to be judged, or to be looked at
RANK = {Risk.HIGH: 0, Risk.MEDIUM: 1, Risk.LOW: 2}


@dataclass(frozen=True, kw_only=True)
class ChangeView:
    """A change with all that is known about it."""

    change: Change
    spec: ActionSpec
    fields: list[FieldDiff]
    edited: list[FieldDiff]
    decision: Decision | None
    execution: Execution | None


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A proposal in full: its changes, decisions, votes and executions."""

    proposal: Proposal
    changes: list[ChangeView]
    reviews: list[Review]

    @property
    def approvals_left(self) -> int:
        """How many more people have to approve what is shown now."""
        given = {
            review.reviewer_id
            for review in self.reviews
            if review.verdict == "approve" and review.binding == self.proposal.binding
        }
        return max(max(self.proposal.reviewers, 1) - len(given), 0)


def of_workspace(workspace_id: UUID) -> QuerySet[Proposal]:
    """All proposals of a workspace, newest first."""
    return Proposal.objects.filter(workspace_id=workspace_id).order_by("-id")


def inbox(workspace_id: UUID, *, limit: int = 100) -> list[Proposal]:
    """What waits for a person, unproven effects included: high risk first, then oldest first."""
    waiting = Proposal.objects.filter(workspace_id=workspace_id, state__in=FOR_A_PERSON)
    rank = Case(*(When(risk=risk, then=Value(place)) for risk, place in RANK.items()))
    return list(waiting.order_by(rank, "id")[:limit])


def place(proposal: Proposal) -> tuple[int, UUID]:
    """Where a proposal stands in the order of `inbox`, also when it no longer waits."""
    return RANK[Risk(proposal.risk)], proposal.pk


def count_for_a_person(workspace_id: UUID) -> int:
    """How many proposals `inbox` would list without a limit."""
    found = counts(workspace_id)
    return sum(found.get(state, 0) for state in FOR_A_PERSON)


def counts(workspace_id: UUID) -> dict[str, int]:
    """How many proposals of the workspace are open, by state."""
    rows = (
        Proposal.objects.filter(workspace_id=workspace_id, state__in=OPEN_STATES)
        .values("state")
        .annotate(n=Count("pk"))
    )
    return {row["state"]: row["n"] for row in rows}


def detail(workspace_id: UUID, proposal_id: UUID) -> ProposalView:
    """One proposal in full; five queries. Raises `Proposal.DoesNotExist`."""
    proposal = Proposal.objects.get(workspace_id=workspace_id, pk=proposal_id)
    changes = list(
        proposal.changes.select_related("connector", "decision__version__policy").order_by(
            "position"
        )
    )
    executions = gateway.executions_of([change.pk for change in changes])
    return ProposalView(
        proposal=proposal,
        changes=[view(change, executions.get(change.pk)) for change in changes],
        reviews=list(proposal.reviews.select_related("reviewer").order_by("at")),
    )


def view(change: Change, execution: Execution | None) -> ChangeView:
    """A change with its differences worked out."""
    return ChangeView(
        change=change,
        spec=spec(change.action),
        fields=diff(change.before, change.after),
        edited=diff(change.proposed, change.params),
        decision=change.decision,
        execution=execution,
    )


def open_among(proposal_ids: Sequence[UUID]) -> int:
    """How many of these proposals are still open."""
    return Proposal.objects.filter(pk__in=proposal_ids, state__in=OPEN_STATES).count()


def of_run(run_id: UUID) -> list[Proposal]:
    """The proposals of a run, in the order they were made."""
    return list(Proposal.objects.filter(run_id=run_id).order_by("id"))


def runs_with_open(run_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these runs still have open proposals."""
    rows = Proposal.objects.filter(run_id__in=run_ids, state__in=OPEN_STATES)
    return {run_id for run_id in rows.values_list("run_id", flat=True) if run_id}


def taken_targets(workspace_id: UUID, action: str) -> set[str]:
    """Targets with an open change of this action: not to be proposed again."""
    rows = Change.objects.filter(workspace_id=workspace_id, action=action, is_open=True)
    return set(rows.values_list("target", flat=True))


def handled_cases(workspace_id: UUID, playbook: str, name: str, values: Sequence[str]) -> set[str]:
    """Which values of a case field this playbook has made a proposal about before."""
    rows = Proposal.objects.filter(
        Q(workspace_id=workspace_id, playbook=playbook) & Q(**{f"case__{name}__in": list(values)})
    )
    return {str(case[name]) for case in rows.values_list("case", flat=True)}


def editable_fields(change: Change) -> list[tuple[str, Any]]:
    """The parameters a reviewer may edit with their values: all but the target's identifiers."""
    fixed = {name for name in change.params if name.endswith("_id") or name in {"currency", "to",
             "in_reply_to", "language"}}  # fmt: skip
    return [(name, value) for name, value in change.params.items() if name not in fixed]


def change_ids(workspace_id: UUID, proposal_id: UUID) -> set[UUID]:
    """The changes of a proposal of this workspace; empty when it has no such proposal."""
    rows = Change.objects.filter(proposal__workspace_id=workspace_id, proposal_id=proposal_id)
    return set(rows.values_list("pk", flat=True))
