"""Proposals of price changes on the null connector."""

from datetime import datetime
from decimal import Decimal
from itertools import count

from apps.accounts.models import Workspace
from apps.proposals import operations
from apps.proposals.models import Proposal
from apps.proposals.operations import Draft, Origin

_numbers = count(1)

AGENT = Origin(by="agent:repricer", trigger="schedule", agent="Repricer", playbook="repricing")


def price_change(amount: str | Decimal, variant: str = "") -> tuple[str, dict[str, str]]:
    """A set_price change on a variant of its own."""
    variant = variant or f"variant_{next(_numbers)}"
    return (
        "set_price",
        {"product_id": "prod_1", "variant_id": variant, "currency": "EUR", "amount": str(amount)},
    )


def draft(*amounts: str | Decimal, variant: str = "") -> Draft:
    """A draft with one change per amount."""
    return Draft(
        title=f"Price to {', '.join(map(str, amounts))}",
        rationale="The competitor is cheaper.",
        changes=[price_change(amount, variant) for amount in amounts],
        subject=f"sku:{variant or 'X'}",
        case={"sku": variant or "X"},
    )


def propose(
    workspace: Workspace, *amounts: str | Decimal, now: datetime, variant: str = "",
    origin: Origin = AGENT,
) -> Proposal:  # fmt: skip
    """A submitted proposal; the test fails if its target is already open."""
    [proposal] = operations.submit(
        workspace=workspace, drafts=[draft(*amounts, variant=variant)], origin=origin, now=now
    )
    assert proposal is not None
    return proposal
