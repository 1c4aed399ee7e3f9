"""A return in its six steps, each found, done and undone, at the demo shop and a real Medusa."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from apps.gateway.connectors.base import CannotTell, Context, Found, Refused, Step, Unproven
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order
from tests.contract.changes import NOWHERE, SENT, Params, TakeOrder, return_of
from tests.contract.shops import Shop

NAMES = ["create_return", "request_items", "confirm_request", "begin_receipt", "receive_items",
         "confirm_receipt"]  # fmt: skip
Steps = Callable[[Params, str], dict[str, Step]]


@pytest.fixture
def api(shop: Shop) -> AdminApi:
    """The admin API without the connector, to see what the shop itself does."""
    return AdminApi(shop.address, shop.secret, timeout=20)


@pytest.fixture
def steps_for(client: MedusaClient) -> Steps:
    """The steps of a return with a key, by name."""

    def make(params: Params, key: str) -> dict[str, Step]:
        before = client.snapshot("return_items", params)
        steps = client.steps("return_items", params, key=key, snapshot=before)
        assert [step.name for step in steps] == NAMES
        return {step.name: step for step in steps}

    return make


def walk(steps: dict[str, Step], names: Sequence[str]) -> dict[str, Found]:
    """Do these steps in order; each is absent before and found after its call."""
    context: dict[str, Found] = {}
    for name in names:
        assert steps[name].find(context) is None, name
        steps[name].do(context)
        found = steps[name].find(context)
        assert found is not None, name
        assert found["reference"]
        assert "wrong" not in found
        context[name] = found
    return context


def standing(steps: dict[str, Step], context: Context) -> list[str]:
    return [name for name in NAMES if steps[name].find(context) is not None]


@pytest.mark.parametrize("reached", range(1, 6))
def test_undone_from_anywhere(
    client: MedusaClient, take_order: TakeOrder, steps_for: Steps, reached: int
) -> None:
    """Wherever a return stops before its last step, undoing in reverse leaves the order as it was."""
    params = return_of(take_order(SENT))
    before = client.snapshot("return_items", params)
    steps = steps_for(params, f"undo-{reached}")
    context = walk(steps, NAMES[:reached])
    assert standing(steps, context) == NAMES[:reached]
    asked = {"key": f"undo-{reached}", "snapshot": before}
    with pytest.raises(CannotTell, match="not carried out in full"):
        client.find_effect("return_items", params, **asked)
    for name in reversed(NAMES[:reached]):
        if steps[name].find(context) is not None:  # some fall with a later one
            undo = steps[name].undo
            assert undo is not None
            undo(context)
            assert steps[name].find(context) is None, name
    assert standing(steps, context) == []
    assert client.snapshot("return_items", params) == before
    assert client.find_effect("return_items", params, **asked) is None


def test_received_is_final(
    client: MedusaClient, api: AdminApi, take_order: TakeOrder, steps_for: Steps
) -> None:
    """After the last step all steps stand, and the shop cancels the return no more."""
    order = take_order(SENT)
    params = return_of(order)
    steps = steps_for(params, "final")
    context = walk(steps, NAMES)
    assert standing(steps, context) == NAMES
    assert steps["confirm_receipt"].undo is None
    return_id = context["create_return"]["reference"]
    with pytest.raises(Refused) as refusal:
        api.post(path("returns", return_id, "cancel"), {}, key="k")
    assert refusal.value.code == "not_allowed"
    (after,) = client.read("order", order_id=order.order_id)
    assert isinstance(after, Order)
    assert after.total < order.total  # the shop owes the price: nothing is refunded by itself
    assert [payment.refunded for payment in after.payments] == [Decimal("0.00")]


def test_a_step_twice(api: AdminApi, take_order: TakeOrder, steps_for: Steps) -> None:
    """The shop lists the same goods twice without a word: the reason for the read-back."""
    order = take_order(SENT)
    while order.lines[0].quantity < 2:
        order = take_order(SENT)
    params = return_of(order)
    steps = steps_for(params, "twice")
    context = walk(steps, NAMES[:2])
    steps["request_items"].do(context)
    found = steps["request_items"].find(context)
    assert found is not None
    assert "not" in found["wrong"]
    steps["confirm_request"].do(context)
    found = steps["request_items"].find(context)
    assert found is not None
    assert "wrong" in found


def test_one_open_change(client: MedusaClient, take_order: TakeOrder, steps_for: Steps) -> None:
    """While a return is prepared the order takes no second one: a half-done return blocks it."""
    params = return_of(take_order(SENT))
    first, second = steps_for(params, "first"), steps_for(params, "second")
    context = walk(first, NAMES[:1])
    with pytest.raises(Refused, match="already has an existing active order change"):
        second["create_return"].do({})
    assert second["create_return"].find({}) is None
    undo = first["create_return"].undo
    assert undo is not None
    undo(context)
    with pytest.raises(Refused) as refusal:
        undo(context)
    assert refusal.value.code == "not_found"


@pytest.mark.parametrize("sent", [True, False])
def test_too_much(take_order: TakeOrder, steps_for: Steps, sent: bool) -> None:
    """More than was sent, or anything of an order that was not, is refused at the second step."""
    order = take_order(SENT) if sent else take_order(payment="not_paid")
    params = return_of(order, pieces=order.lines[0].quantity + 1 if sent else 1)
    steps = steps_for(params, "much")
    context = walk(steps, NAMES[:1])
    with pytest.raises(Refused, match="more items than what was fulfilled"):
        steps["request_items"].do(context)
    assert standing(steps, context) == NAMES[:1]


def test_out_of_turn(take_order: TakeOrder, steps_for: Steps) -> None:
    """A step before its turn, or again, is refused and changes nothing."""
    params = return_of(take_order(SENT))
    steps = steps_for(params, "turn")
    context = walk(steps, NAMES[:1])
    for name in ("confirm_request", "receive_items", "begin_receipt"):
        with pytest.raises(Refused):
            steps[name].do(context)
    context |= {name: found for name in NAMES[1:4]
                if (found := _done(steps[name], context)) is not None}  # fmt: skip
    for name in ("confirm_request", "begin_receipt"):
        with pytest.raises(Refused):
            steps[name].do(context)
    undo = steps["confirm_request"].undo
    assert undo is not None
    with pytest.raises(Refused, match="active order change"):
        undo(context)  # receiving has begun: that has to be undone first
    assert standing(steps, context) == NAMES[:4]


def _done(step: Step, context: Context) -> Found | None:
    step.do(context)
    return step.find(context)


def test_a_status_proves_nothing(
    api: AdminApi, client: MedusaClient, take_order: TakeOrder, steps_for: Steps
) -> None:
    """A confirmation that fails halfway says "received" though nothing was; it can be undone."""
    params = return_of(take_order(SENT))
    before = client.snapshot("return_items", params)
    body: dict[str, Any] = {"order_id": params["order_id"], "metadata": {"aios": "half"}}
    api.post(path("returns"), body, key="k")  # without a place to put the goods
    steps = steps_for(params, "half")
    context: dict[str, Found] = {}
    for name in NAMES[:5]:
        if (found := steps[name].find(context)) is None:
            found = _done(steps[name], context)
        assert found is not None
        context[name] = found
    with pytest.raises(Unproven):
        steps["confirm_receipt"].do(context)
    (found_now,) = api.get(path("returns"), order_id=params["order_id"])["returns"]
    assert found_now["status"] == "received"
    assert standing(steps, context) == NAMES[:5]
    for name in reversed(NAMES[:5]):
        undo = steps[name].undo
        if steps[name].find(context) is not None and undo is not None:
            undo(context)
    assert client.snapshot("return_items", params) == before


def test_changed_meanwhile(client: MedusaClient, take_order: TakeOrder, steps_for: Steps) -> None:
    """An order that changed after the approval gets no return."""
    order = take_order(SENT)
    while order.lines[0].quantity < 2:
        order = take_order(SENT)
    params = return_of(order)
    approved = steps_for(params, "late")
    before = client.snapshot("return_items", params)
    client.perform("return_items", params, key="early", snapshot=before)
    with pytest.raises(Refused) as refusal:
        approved["create_return"].do({})
    assert refusal.value.code == "changed"
    assert approved["create_return"].find({}) is None


def test_no_such_order(client: MedusaClient, api: AdminApi, lend_order: TakeOrder) -> None:
    """Orders, lines and returns that do not exist are refused as not found."""
    params = return_of(lend_order(SENT))
    other = [{"line_id": f"ordli_{NOWHERE}", "quantity": 1}]
    for wrong in ({"order_id": f"order_{NOWHERE}"}, {"items": other}):
        with pytest.raises(Refused) as refusal:
            client.snapshot("return_items", {**params, **wrong})
        assert refusal.value.code == "not_found"
    with pytest.raises(Refused) as refusal:
        api.post(path("returns", f"return_{NOWHERE}", "receive"), {}, key="k")
    assert refusal.value.code == "not_found"
