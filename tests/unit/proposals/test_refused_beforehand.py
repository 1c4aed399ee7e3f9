"""What the shop would refuse is refused when it is proposed, looked at, edited or answered."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.gateway import queries as gateway
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.errors import Refused
from apps.gateway.records import Order
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, InvalidDraft
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.gate import open_gate
from tests.factories.proposals import AGENT, look_at
from tests.factories.shop_orders import plant

GIVEN = {
    "email": "ann@shop.example", "currency": "eur", "age_days": 1, "fulfillment": "delivered",
    "lines": [{"sku": "S-1", "title": "Stool", "quantity": 1, "unit_price": 40.0}],
    "total": 40.0, "payments": [40.0],
}  # fmt: skip


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's file."""
    return tmp_path_factory.mktemp("shop") / "ledger.sqlite"


@pytest.fixture(scope="module")
def shop(books: Path) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(books) as started:
        yield started


@pytest.fixture
def order(workspace: Workspace, shop: Shop, books: Path, now: datetime) -> Order:
    """An order of 40 EUR in a workspace that is connected to the shop."""
    make.connect(workspace, shop, now)
    [found] = gateway.read(workspace.pk, "orders", number=plant(books, GIVEN))
    assert isinstance(found, Order)
    return found


def refund(order: Order, amount: str, **more: str) -> tuple[str, dict[str, Any]]:
    """A refund of the order's payment."""
    payment = order.payments[0].payment_id
    return "refund_payment", {
        "order_id": order.order_id, "payment_id": payment, "amount": amount, "currency": "EUR",
        **more,
    }  # fmt: skip


def propose(workspace: Workspace, change: tuple[str, dict[str, Any]], now: datetime) -> Proposal:
    """A proposal that waits for a person."""
    draft = Draft(title="Refund 30.00 EUR", rationale="broken", changes=[change])
    [made] = proposals.submit(workspace=workspace, drafts=[draft], origin=AGENT, now=now)
    assert made is not None
    assert made.state == State.WAITING
    return made


def staff_refunds(shop: Shop, order: Order, amount: float) -> None:
    """Somebody at the shop gives money back."""
    api = AdminApi(shop.address, shop.secret, timeout=20)
    target = path("payments", order.payments[0].payment_id, "refund")
    with open_gate():
        api.post(target, {"amount": amount, "note": "sorry"}, key="staff")
    api.close()


@pytest.mark.parametrize(
    ("action", "change", "field"),
    [
        ("refund_payment", {"amount": "40.01"}, "amount"),
        ("refund_payment", {"currency": "USD"}, "currency"),
        ("cancel_order", {}, "order_id"),
        ("return_items", {"quantity": 2}, "items"),
    ],
)
def test_a_draft_says_what_cannot_be(
    workspace: Workspace, order: Order, action: str, change: dict[str, Any], field: str
) -> None:
    """At the field it is about; nothing is proposed."""
    params: dict[str, Any] = {"order_id": order.order_id}
    if action == "refund_payment":
        params = refund(order, "1.00")[1] | change
    if action == "return_items":
        params["items"] = [{"line_id": order.lines[0].line_id, **change}]
    draft = Draft(title="t", rationale="r", changes=[(action, params)])
    with pytest.raises(InvalidDraft) as refusal:
        proposals.prepare(workspace=workspace, drafts=[draft])
    assert [one["field"] for one in refusal.value.errors] == [field]
    assert Proposal.objects.count() == 0


def test_a_look_tells_or_raises(workspace: Workspace, order: Order) -> None:
    """Raised for a new change; told for one that is proposed, with the target as it is."""
    connector = gateway.connector_for(workspace.pk, "refund_payment")
    action, params = refund(order, "41.00")
    with pytest.raises(Refused, match=r"Only 40\.00 EUR is left"):
        gateway.look(connector, action, params)
    seen = gateway.look_again(connector, action, params)
    assert seen.before == seen.after
    assert seen.before["captured"] == "40.00"
    assert "Only 40.00 EUR is left" in str(seen.refusal)
    with pytest.raises(Refused):
        gateway.look_again(connector, action, params | {"payment_id": "pay_none"})


def test_an_edit_beyond_what_is_left(
    workspace: Workspace, order: Order, cast: Cast, now: datetime
) -> None:
    """The reviewer learns it at the field, and the proposal stays as it was."""
    made = propose(workspace, refund(order, "30.00"), now)
    change = made.changes.get()
    look_at(made, cast.rita, now=now)
    with pytest.raises(InvalidDraft, match=r"Only 40\.00 EUR is left") as refusal:
        proposals.approve(proposal_id=made.pk, user=cast.rita, binding=made.binding, now=now,
                          edits={change.pk: {"amount": "40.50"}})  # fmt: skip
    [problem] = refusal.value.errors
    assert (problem["change"], problem["field"]) == (str(change.pk), "amount")
    change.refresh_from_db()
    assert change.params["amount"] == "30.00"


def test_what_cannot_be_any_more_comes_back(
    workspace: Workspace, order: Order, shop: Shop, cast: Cast, now: datetime
) -> None:
    """Money that moved after the approval: a person sees what is left, and nothing is sent."""
    made = propose(workspace, refund(order, "30.00"), now)
    look_at(made, cast.rita, now=now)
    proposals.approve(proposal_id=made.pk, user=cast.rita, binding=made.binding, now=now)
    staff_refunds(shop, order, 25.0)
    proposals.execute(worker="w", clock=lambda: now)
    proposals.settle(now=now)
    proposals.reconsider(now=now)
    made.refresh_from_db()
    assert made.state == State.WAITING
    told = {one["field"]: one["after"] for one in made.returned}
    assert told["refunded"] == "25.00"
    assert "Only 15.00 EUR is left" in told["outcome"]
    [found] = gateway.read(workspace.pk, "orders", number=order.number)
    assert found.payments[0].refunded == 25  # type: ignore[attr-defined]
