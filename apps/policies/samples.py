"""One typical change of each action as a rule sees it: what a draft is tried on. Pure.

Parameters are as the gateway's catalogue normalises them (a test holds them to it); `before` and
`after` are as the connectors show records. Each comes twice: with all that may be known of it, and
with as little.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from apps.policies.facts import Facts

VARIANT = {"sku": "CUP", "title": "Tea cup", "prices": {"EUR": "20.00"}, "cost": "12.00",
           "cost_currency": "EUR", "product_id": "prod_1"}  # fmt: skip
ORDER = {"number": "1001", "email": "customer@shop.example", "currency": "EUR", "total": "40.00",
         "captured": "40.00", "refunded": "0.00", "returned_total": "0.00",
         "fulfillment_status": "delivered", "payment_status": "captured"}  # fmt: skip
PARAMS: dict[str, dict[str, Any]] = {
    "set_price": {"product_id": "prod_1", "variant_id": "v_1", "currency": "EUR",
                  "amount": "21.00"},
    "set_stock": {"inventory_item_id": "i_1", "location_id": "l_1", "quantity": 3},
    "update_product": {"product_id": "prod_1", "title": "Tea cup", "subtitle": "Blue",
                       "description": "For tea.", "status": "published"},
    "refund_payment": {"order_id": "o_1", "payment_id": "p_1", "amount": "8.00",
                       "currency": "EUR", "note": "broken"},
    "cancel_order": {"order_id": "o_1"},
    "return_items": {"order_id": "o_1", "items": [{"line_id": "li_1", "quantity": 2}],
                     "note": "too small"},
    "send_message": {"to": "customer@shop.example", "subject": "Your order", "body": "Dear Ms X",
                     "language": "en", "in_reply_to": "m_1"},
}  # fmt: skip
BEFORE: dict[str, Mapping[str, Any]] = {
    "set_price": VARIANT,
    "update_product": {"title": "Tea cup.", "subtitle": "Blue", "status": "published"},
    "refund_payment": ORDER,
    "cancel_order": ORDER,
    "return_items": ORDER,
}
AFTER: dict[str, Mapping[str, Any]] = {
    "set_price": VARIANT | {"prices": {"EUR": "21.00"}},
    "update_product": {"title": "Tea cup", "subtitle": "Blue", "status": "published"},
    "refund_payment": ORDER | {"refunded": "8.00"},
    "cancel_order": ORDER | {"refunded": "40.00"},
    "return_items": ORDER | {"returned_total": "40.00"},
}

ENTRIES, LETTERS = 40, 2_000  # of each list and each text of a large change


def large(action: str) -> Facts:
    """A change as large as they come: what its rules take in time is counted on it."""
    full = next(samples(action))
    grown = {name: grow(getattr(full, name)) for name in ("before", "after", "params")}
    return replace(full, **grown)


def grow(value: Any) -> Any:
    """A value with long lists and long texts in it."""
    if isinstance(value, str):
        return value.ljust(LETTERS, ".")
    if isinstance(value, list):
        return [grow(value[0])] * ENTRIES if value else []
    if isinstance(value, Mapping):
        return {name: grow(one) for name, one in value.items()}
    return value


def samples(action: str) -> Iterator[Facts]:
    """Typical changes of an action; of one that is not known only what all have in common."""
    full = Facts(
        action=action,
        connector="medusa",
        risk="high",
        reversibility="reversible",
        actor="agent:refund_desk",
        agent="Refund desk",
        playbook="refund_desk",
        trigger="schedule",
        confidence=0.9,
        hour=10,
        currency="EUR",
        amount=8.0,
        has_amount=True,
        total_amount=8.0,
        change_percent=5.0,
        has_change=True,
        margin_percent=40.0,
        has_margin=True,
        approved_change_percent=5.0,
        has_approved=True,
        customer_orders=3,
        has_customer_orders=True,
        catalogue_size=400,
        has_catalogue_size=True,
        pressure=["urgency"],
        links=["shop.example"],
        addresses=2,
        before=BEFORE.get(action, {}),
        after=AFTER.get(action, {}),
        params=PARAMS.get(action, {}),
    )
    yield full
    yield replace(full, currency="", amount=0.0, total_amount=0.0, change_percent=0.0, agent="",
                  actor="key:1a2b3c4d5e6f", key="1a2b3c4d5e6f",
                  margin_percent=0.0, has_amount=False, has_change=False, has_margin=False,
                  approved_change_percent=0.0, has_approved=False, pressure=[],
                  customer_orders=0, has_customer_orders=False, catalogue_size=0,
                  has_catalogue_size=False,
                  links=[], addresses=0,
                  before={}, after={}, playbook="", trigger="undo", confidence=1.0,
                  hour=0)  # fmt: skip
