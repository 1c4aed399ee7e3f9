"""A first-time customer is made known by a small refund, then given a large one.

The operator has raised what passes alone to regular customers. Whoever was given something back
before used to be one of them, also on the first order there ever was.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.readers import Reader
from apps.gateway.records import Order
from apps.policies import operations as policies
from apps.policies import thresholds
from apps.policies.models import Decision
from apps.proposals import operations as proposals
from apps.proposals.operations import Draft, Origin
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories import shop_orders

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "refund to a first-time customer"
SMALL, LARGE = "5.00", "40.00"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Where the shop keeps its data."""
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def shop(ledger: Path, workspace: Workspace) -> Iterator[Shop]:
    """A demo shop, and policies that let 50 euros pass alone."""
    with demo_shop(ledger) as started:
        now = timezone.now()
        make.connect(workspace, started, now)
        old = thresholds.active(workspace.pk, "Refunds and replies")
        raised = thresholds.with_limits(old, {"refund_auto_up_to": 50.0})
        version = policies.draft(workspace=workspace, name=old.policy.name, rules=old.rules,
                                 limits=raised, by="test", now=now)  # fmt: skip
        policies.publish(version=version, by="test", now=now)
        yield started


def buy(workspace: Workspace, ledger: Path, email: str, *, age: float) -> Order:
    """An order of 60 euros, paid for."""
    number = shop_orders.plant(ledger, {
        "email": email, "currency": "eur", "total": 60.0, "payments": [60.0], "age_days": age,
        "fulfillment": "delivered",
        "lines": [{"sku": "X", "title": "X", "quantity": 1, "unit_price": 60.0}],
    })  # fmt: skip
    [order] = gateway.read(workspace.pk, "orders", number=number)
    assert isinstance(order, Order)
    return order


def refund(workspace: Workspace, order: Order, amount: str, now: datetime) -> str:
    """Have the refund desk give money back, and all happen that is due; where it stands."""
    params = {"order_id": order.order_id, "payment_id": order.payments[0].payment_id,
              "currency": "EUR", "amount": amount}  # fmt: skip
    draft = Draft(title="Refund", rationale="Broken.", changes=[("refund_payment", params)])
    origin = Origin(by="agent:desk", trigger="event", agent_id=uuid4(), playbook="refund_desk")
    [made] = proposals.submit(workspace=workspace, drafts=[draft], origin=origin, now=now)
    assert made is not None
    make.drive()
    return made.state


def test_a_small_refund_makes_nobody_a_regular_customer(
    shop: Shop, workspace: Workspace, ledger: Path
) -> None:
    """Two days later a large one still waits for a person."""
    now = timezone.now()
    order = buy(workspace, ledger, "new@stranger.example", age=3)
    assert refund(workspace, order, SMALL, now) == "approved"
    assert refund(workspace, order, LARGE, now + timedelta(days=2)) == "waiting"
    decision = Decision.objects.order_by("-id").first()
    assert decision is not None
    assert decision.rule == RULE
    assert decision.facts["customer_orders"] == 0
    assert decision.facts["has_customer_orders"] is True


def test_whoever_has_paid_before_is_no_first_time_customer(
    shop: Shop, workspace: Workspace, ledger: Path
) -> None:
    """What the operator allows passes, the first time too."""
    buy(workspace, ledger, "old@friend.example", age=90)
    order = buy(workspace, ledger, "old@friend.example", age=3)
    assert refund(workspace, order, LARGE, timezone.now()) == "approved"


def test_who_nobody_knows_is_a_first_time_customer(
    shop: Shop, workspace: Workspace, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the shop does not tell, or the question fails, a person decides."""
    buy(workspace, ledger, "old@friend.example", age=90)
    order = buy(workspace, ledger, "old@friend.example", age=3)
    monkeypatch.setattr(Reader, "earlier_orders", lambda *_: None)
    assert refund(workspace, order, LARGE, timezone.now()) == "waiting"
