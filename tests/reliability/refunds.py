"""Refunds at the demo shop: each is one line in the shop's own ledger."""

from collections import Counter
from datetime import datetime

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft
from tests.contract.shops import Shop
from tests.factories.proposals import AGENT

Refundable = tuple[str, str, str]


def refundable(workspace: Workspace, wanted: int) -> list[Refundable]:
    """Payments with money left: (order, payment, currency); the same again if there are few."""
    found = [
        (order.order_id, payment.payment_id, payment.currency)
        for order in gateway.read(workspace.pk, "orders")
        if order.status != "canceled"
        for payment in order.payments
        if payment.captured - payment.refunded >= 10
    ]
    assert len(found) >= 5
    return [found[i % len(found)] for i in range(wanted)]


def refund(workspace: Workspace, payment: Refundable, now: datetime) -> Proposal:
    """A refund of 0.10 which policy allows at once."""
    order_id, payment_id, currency = payment
    params = {"order_id": order_id, "payment_id": payment_id, "amount": "0.10",
              "currency": currency}  # fmt: skip
    draft = Draft(title="refund", rationale="crash", changes=[("refund_payment", params)])
    [proposal] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert proposal is not None
    assert proposal.state == State.APPROVED
    return proposal


def ledger(shop: Shop) -> Counter[str]:
    """How often each idempotency key stands in the shop's ledger as a refund."""
    lines = [line for line in shop.get("/demo/ledger") if line["action"] == "refund_payment"]
    return Counter(line["key"] for line in lines)
