"""Decisions of policies as integrators read them."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from ninja import Schema

from apps.api.schemas.rows import filled
from apps.policies.models import Decision


class DecisionSummary(Schema):
    """A policy's recorded verdict on one change."""

    id: UUID
    change_id: UUID
    outcome: Literal["allow", "review", "deny"]
    rule: str
    reason: str
    policy: str
    version: int | None
    reviewers: int
    at: datetime

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """From the row; `policy` is empty and `version` null when no rule matched."""
        version = decision.version
        names = {
            "change_id": decision.subject_id,
            "policy": version.policy.name if version else "",
            "version": version.number if version else None,
        }
        return cls.model_validate(filled(cls, decision, names))


class DecisionDetail(DecisionSummary):
    """A decision with the facts it saw, all rules that fired, and what it rests on."""

    basis: str
    fired: list[dict[str, Any]]
    facts: dict[str, Any]
