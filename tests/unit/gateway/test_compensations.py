"""What makes up for an action, worked out from what was before."""

from typing import Any

import pytest

from apps.gateway.catalogue import ACTIONS, compensation, normalise
from apps.gateway.catalogue.action_spec import Reversibility

PRICE = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "12.00"}
STOCK = {"inventory_item_id": "i", "location_id": "l", "quantity": 3}
LETTER = {"to": "a@b.example", "subject": "Hi", "body": "x", "language": "fr", "in_reply_to": "m"}


@pytest.mark.parametrize(
    ("action", "params", "before", "earlier"),
    [
        ("set_price", PRICE, {"prices": {"EUR": "10.00", "USD": "11.00"}}, {"amount": "10.00"}),
        ("set_stock", STOCK, {"quantity": 0}, {"quantity": 0}),
        (
            "update_product",
            {"product_id": "p", "description": "New", "status": "draft"},
            {"title": "T", "subtitle": "S", "description": "", "status": "published"},
            {"description": "", "status": "published"},
        ),
    ],
)
def test_the_earlier_value_is_set_again(
    action: str, params: dict[str, Any], before: dict[str, Any], earlier: dict[str, Any]
) -> None:
    """With the same action at the same target, and nothing else changed."""
    found = compensation(action, params, before, {})
    assert found == (action, {**params, **earlier})
    assert normalise(*found) == normalise(action, {**params, **earlier})


@pytest.mark.parametrize(
    ("action", "params", "before"),
    [
        ("set_price", PRICE, {"prices": {"USD": "11.00"}}),
        ("set_price", PRICE, {"prices": {"EUR": "0.00"}}),
        ("set_price", PRICE, {"amount": "0.00"}),
        ("set_stock", STOCK, {}),
        ("update_product", {"product_id": "p", "status": "draft"}, {"status": "rejected"}),
        ("update_product", {"product_id": "p", "title": "New"}, {"title": ""}),
        ("update_product", {"product_id": "p", "title": "New"}, {}),
        ("update_product", {"product_id": "p"}, {"title": "T"}),
        ("refund_payment", {"amount": "5.00"}, {"refunded": "0.00"}),
        ("cancel_order", {"order_id": "o"}, {"status": "pending"}),
    ],
)
def test_what_cannot_be_set_again_has_no_compensation(
    action: str, params: dict[str, Any], before: dict[str, Any]
) -> None:
    """There was no such value, the action may not set it, or it is final."""
    assert compensation(action, params, before, {}) is None


def test_a_letter_is_begun_in_the_customers_language() -> None:
    """To the same customer; what it says is for a person to write."""
    found = compensation("send_message", LETTER, {"to": LETTER["to"]}, {})
    assert found is not None
    assert found[0] == "send_message"
    assert found[1]["subject"] == "Correction : Hi"
    assert found[1]["body"].startswith("Bonjour")
    assert {**found[1], "subject": "", "body": ""} == {**LETTER, "subject": "", "body": ""}
    unknown = compensation("send_message", {**LETTER, "language": "tlh"}, {}, {})
    assert unknown is not None
    assert unknown[1]["body"].startswith("Hello")


@pytest.mark.parametrize("spec", ACTIONS.values(), ids=lambda spec: spec.name)
def test_what_is_said_before_approval_is_what_can_be_done(spec: Any) -> None:
    """A reversible action restores, a final one does not; each says so in words."""
    assert spec.undo
    if spec.reversibility == Reversibility.REVERSIBLE:
        assert spec.compensate is not None
        assert not spec.written
    if spec.reversibility == Reversibility.FINAL:
        assert spec.compensate is None
    assert not spec.written or spec.written in spec.parameters.model_fields
