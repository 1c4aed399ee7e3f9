"""What a proposal would lead to, as integrators read it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal, Self

from ninja import Schema

from apps.api.schemas.proposals import FieldChange
from apps.api.schemas.rows import AmountText
from apps.gateway.catalogue import spec
from apps.proposals.operations import DryRun, DryRunChange


class ObstacleDetail(Schema):
    """A guard that would not let the call pass now; `until` is when it ends by itself, if known."""

    guard: Literal["connector", "switch", "breaker", "rate"]
    reason: str
    until: datetime | None


class DryRunChangeDetail(Schema):
    """A change with the predicted effect, what policy would decide, and what is in the way.

    `is_taken`: its target has an open change already, so that proposing it would be a 409.
    """

    action: str
    title: str
    reversibility: Literal["reversible", "compensable", "final"]
    target: str
    connector: str
    params: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]
    fields: list[FieldChange]
    outcome: Literal["allow", "review", "deny"]
    rule: str
    reason: str
    policy: str
    version: int | None
    reviewers: int
    hold_seconds: int
    is_taken: bool
    obstacles: list[ObstacleDetail]

    @classmethod
    def of(cls, change: DryRunChange) -> Self:
        """From the domain's dry run; `policy` is empty and `version` null when no rule matched."""
        decision, action = change.decision, spec(change.action)
        version = decision.version
        return cls.model_validate(
            {
                "action": change.action,
                "title": action.title,
                "reversibility": action.reversibility.value,
                "target": change.target,
                "connector": change.connector,
                "params": change.params,
                "before": change.before,
                "after": change.after,
                "fields": [asdict(difference) for difference in change.fields],
                "outcome": decision.outcome,
                "rule": decision.rule,
                "reason": decision.reason,
                "policy": version.policy.name if version else "",
                "version": version.number if version else None,
                "reviewers": decision.reviewers,
                "hold_seconds": change.hold_seconds,
                "is_taken": change.is_taken,
                "obstacles": [asdict(obstacle) for obstacle in change.obstacles],
            }
        )


class DryRunDetail(Schema):
    """Where a proposal would stand, were it submitted now; nothing of it exists.

    `state` and `reviewers` are those it would have at once; `amount` is the money at stake.
    """

    state: Literal["waiting", "approved", "denied"]
    risk: Literal["high", "medium", "low"]
    reviewers: int
    amount: AmountText | None
    currency: str
    changes: list[DryRunChangeDetail]

    @classmethod
    def of(cls, dry_run: DryRun) -> Self:
        """From the domain's dry run."""
        proposal = dry_run.proposal
        named = {"changes", "amount"}
        own = {name: getattr(proposal, name) for name in cls.model_fields if name not in named}
        own |= {"amount": proposal.amount_text}
        changes = [DryRunChangeDetail.of(change) for change in dry_run.changes]
        return cls.model_validate(own | {"changes": changes})
