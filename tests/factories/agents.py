"""Agents in a workspace with a demo shop, and the values their planners work on."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx2
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent
from apps.agents.playbooks.base import Known
from apps.agents.playbooks.refund_desk.sense import Case
from apps.agents.playbooks.registry import default_policies
from apps.agents.playbooks.repricing.sense import Offer
from apps.gateway.configuration import configure_connector
from apps.gateway.records import Message, Order, OrderLine, Payment
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from tests.contract.shops import Shop

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FEED = {"messages": "/demo/customer-messages", "competitor_prices": "/demo/competitor-prices"}


def offer(price: str, competitor: str, **fields: Any) -> Offer:
    """A variant beside a competitor; plenty of margin, ordinary stock."""
    values = {
        "product_id": "prod_1",
        "variant_id": "variant_1",
        "sku": "MUG",
        "title": "Mug / Blue",
        "currency": "EUR",
        "price": Decimal(price),
        "cost": Decimal(price) / 2,
        "stock": 20,
        "competitor": Decimal(competitor),
        "source": "rival.example",
        "seen_at": NOW - timedelta(hours=1),
    }
    return Offer(**(values | fields))


def correction(*, at: datetime = NOW, **data: Any) -> Known:
    """What a reviewer said, as the memory keeps it: verdict, reason, edited, case."""
    return Known(
        item_id="0198c0de-0000-7000-8000-000000000001",
        type="correction",
        subject=str(data.pop("subject", "")),
        text="A reviewer corrected this.",
        why="about it",
        at=at,
        data={"verdict": "reject", "reason": "", "edited": [], "case": {}} | data,
    )


def edit(before: str, after: str, field: str = "amount") -> list[dict[str, str]]:
    """A reviewer's edit of one field."""
    return [{"change": "c", "field": field, "before": before, "after": after}]


def order(**fields: Any) -> Order:
    """A delivered, paid order of Ann over one mug and two lamps: 20 + 2 x 40 EUR."""
    values = {
        "order_id": "order_1",
        "number": "1001",
        "email": "ann@example.com",
        "status": "pending",
        "payment_status": "captured",
        "fulfillment_status": "delivered",
        "currency": "EUR",
        "total": Decimal("100.00"),
        "placed_at": NOW - timedelta(days=10),
        "lines": [
            OrderLine(line_id="l1", sku="MUG", title="Alder Mug / Blue", quantity=1,
                      unit_price=Decimal("20.00")),
            OrderLine(line_id="l2", sku="LAMP", title="Corrie Lamp / Red", quantity=2,
                      unit_price=Decimal("40.00")),
        ],
        "payments": [payment()],
    }  # fmt: skip
    return Order(**(values | fields))


def payment(captured: str = "100.00", refunded: str = "0.00") -> Payment:
    """A payment in EUR."""
    return Payment(payment_id="pay_1", currency="EUR", captured=Decimal(captured),
                   refunded=Decimal(refunded))  # fmt: skip


def case(body: str, *, subject: str = "", **fields: Any) -> Case:
    """Ann's message about her order."""
    message = Message(message_id="msg_1", sender="ann@example.com", subject=subject, body=body,
                      order_number="1001", received_at=NOW)  # fmt: skip
    values = {"message": message, "number": "1001", "order": order(), "problem": ""}
    return Case(**(values | fields))


def connect(workspace: Workspace, shop: Shop, now: datetime) -> None:
    """The demo shop, its feeds and its mailbox, with the policies a workspace starts with."""
    mailbox = f"{shop.address}/demo/mailbox"
    sender = {"from": "Shop <shop@demo.example>", "mailbox_url": mailbox}
    for name, kind, address, settings, secret in (
        ("shop", "medusa", shop.address, {}, shop.secret),
        ("mail", "mail", f"smtp://127.0.0.1:{shop.smtp_port}", sender, ""),
        ("feeds", "feed", shop.address, FEED, ""),
    ):
        configure_connector(workspace=workspace, name=name, kind=kind, address=address,
                            settings=settings, secret=secret, by="test", now=now)  # fmt: skip
    for default in default_policies():
        version = policies.draft(workspace=workspace, name=default.name, rules=default.rules,
                                 limits=default.limits, by="test", now=now)  # fmt: skip
        policies.publish(version=version, by="test", now=now)


def agent(workspace: Workspace, playbook: str, now: datetime, **fields: Any) -> Agent:
    """An agent of the playbook; `settings` are its settings."""
    return operations.configure(
        workspace=workspace, name=playbook, playbook=playbook, by="test", now=now, **fields
    )


def write(shop: Shop, sender: str, subject: str, body: str, number: str | None = None) -> str:
    """A customer writes to the demo shop; the message's id."""
    content = {"sender": sender, "subject": subject, "body": body, "order_number": number}
    answer = httpx2.post(f"{shop.address}/demo/messages", json=content, trust_env=False)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["message_id"])


def drive(clock: Callable[[], datetime] = timezone.now) -> None:
    """Do all due work of agents and proposals in this process, until none is left."""
    while True:
        steps = operations.advance_due(worker="test", clock=clock)
        steps += proposals.execute(worker="test", clock=clock)
        steps += proposals.settle(now=clock())
        steps += operations.resume(now=clock())
        if not steps:
            return
