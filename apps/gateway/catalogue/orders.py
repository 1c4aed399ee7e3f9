"""What actions on an order have in common. Pure."""

from apps.gateway import email_address
from apps.gateway.catalogue.action_spec import State

# as a connector shows one
ORDER = {"number": "1001", "email": "customer@shop.example", "currency": "EUR", "total": "40.00",
         "captured": "40.00", "refunded": "0.00", "returned_total": "0.00",
         "fulfillment_status": "delivered", "payment_status": "captured"}  # fmt: skip


def customer_of_order(_params: State, before: State) -> str:
    """The mailbox of whoever ordered, as the shop has it."""
    return email_address.mailbox(str(before.get("email") or ""))


def order_named(params: State, _before: State) -> str:
    """The order the parameters name."""
    return str(params["order_id"])
