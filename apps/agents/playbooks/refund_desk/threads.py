"""Reading what a customer wrote before, and what we answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.agents.playbooks.refund_desk.conversation import QUOTED, Exchange
from apps.gateway import queries as gateway
from apps.proposals import queries as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.text.provenance import text_of

MOST = 5  # exchanges of a customer that are looked at
GIVES = ("refund_payment", "cancel_order")


def exchanges(
    workspace_id: UUID, playbook: str, customer: str, *, days: int, now: datetime
) -> list[Exchange]:
    """The customer's exchanges of the last days, newest first; at most three statements."""
    found = proposals.about_lately(
        workspace_id, playbook, customer, since=now - timedelta(days=days), limit=MOST
    )
    sent = gateway.executions_of(
        [change.pk for proposal in found for change in proposal.changes.all()]
    )
    references = {pk: execution.reference for pk, execution in sent.items()}
    return [exchange(proposal, references) for proposal in found]


def exchange(proposal: Proposal, references: Mapping[UUID, str]) -> Exchange:
    """A proposal of the desk as a part of a conversation."""
    case: Mapping[str, Any] = proposal.case
    changes = list(proposal.changes.all())
    letters = [change for change in changes if change.action == "send_message"]
    done = proposal.state == State.DONE
    return Exchange(
        message_id=str(case.get("message_id") or ""),
        at=proposal.created_at,
        order=str(case.get("order") or ""),
        intent=str(case.get("intent") or ""),
        skus=[str(sku) for sku in case.get("skus") or []],
        proposal_id=str(proposal.pk),
        title=proposal.title,
        state=proposal.state,
        wrote=written(proposal.evidence),
        answered="\n".join(text_of(change.params) for change in letters)[:QUOTED] if done else "",
        said=str(case.get("said") or ""),
        answer_ids=[references[change.pk] for change in letters if references.get(change.pk)],
        gives=any(change.action in GIVES for change in changes),
    )


def written(evidence: Sequence[Any]) -> str:
    """The customer's words, as the evidence quotes them."""
    for entry in evidence:
        if isinstance(entry, Mapping) and entry.get("kind") == "message":
            return f"{entry.get('title')}\n{entry.get('detail')}"[:QUOTED]
    return ""
