"""Proposals of price changes on the null connector."""

from datetime import datetime
from decimal import Decimal
from itertools import count

from apps.accounts.models import User, Workspace
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.proposals import operations
from apps.proposals.deadlines import due_at
from apps.proposals.models import Proposal, Risk
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


def look_at(proposal: Proposal, *people: User, now: datetime) -> Proposal:
    """Have these people open the facts of the proposal as it is, as high risk demands."""
    for person in people:
        operations.open_section(
            proposal_id=proposal.pk, user=person, binding=proposal.binding, section="facts",
            now=now,
        )  # fmt: skip
    return proposal


def at_risk(proposal: Proposal, risk: Risk) -> Proposal:
    """The proposal as if its action were of this risk: the ledger only knows one of medium."""
    Proposal.objects.filter(pk=proposal.pk).update(
        risk=risk, due_at=due_at(risk, now=proposal.created_at)
    )
    proposal.refresh_from_db()
    return proposal


def letters(workspace: Workspace, *, now: datetime) -> None:
    """Have the workspace write letters, each of which waits for a person; nothing is sent."""
    Connector.objects.create(
        workspace=workspace, name="post", kind="mail", address="smtp://127.0.0.1:9",
        settings={"from": "Shop <shop@demo.example>"}, changed_at=now,
    )  # fmt: skip
    ask = {"name": "letter", "when": "action == 'send_message'", "outcome": "review",
           "reason": "A person reads it."}  # fmt: skip
    version = policies.draft(workspace=workspace, name="Letters", rules=[ask], limits={}, by="t",
                             now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)


def letter(text: str) -> tuple[str, dict[str, str]]:
    """A send_message change to a mailbox of its own."""
    return (
        "send_message",
        {"to": f"ann{next(_numbers)}@example.com", "subject": "Your order", "body": text},
    )
