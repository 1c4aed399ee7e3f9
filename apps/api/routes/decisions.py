"""Decisions: what policies decided, and why."""

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.api.auth import Key, key_of
from apps.api.pages import Page, Paging, cut
from apps.api.problems import not_found
from apps.api.schemas.decisions import DecisionDetail, DecisionSummary
from apps.policies import queries

router = Router(tags=["decisions"], auth=Key("proposals:read"))


@router.get("", response=Page[DecisionSummary])
def list_decisions(
    request: HttpRequest,
    paging: Query[Paging],
    outcome: Literal["allow", "review", "deny"] | None = None,
    change_id: UUID | None = None,
) -> dict[str, object]:
    """Decisions, newest first; of one outcome or of one change."""
    rows = queries.of_workspace(key_of(request).workspace_id).defer("facts", "fired")
    rows = rows.filter(outcome=outcome) if outcome else rows
    return cut(rows.filter(subject_id=change_id) if change_id else rows, paging, DecisionSummary.of)


@router.get("/{decision_id}", response=DecisionDetail)
def read_decision(request: HttpRequest, decision_id: UUID) -> DecisionDetail:
    """One decision with the rules that fired and the facts they saw."""
    decision = queries.of_workspace(key_of(request).workspace_id).filter(pk=decision_id).first()
    if decision is None:
        raise not_found("decision")
    return DecisionDetail.of(decision)
