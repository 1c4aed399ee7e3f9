"""Refund payment: give back a part of a captured payment."""

from apps.gateway.amounts import Amount, Currency, InCurrency
from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Example,
    Identifier,
    Measure,
    Note,
    Parameters,
    Reversibility,
    Risk,
)
from apps.gateway.catalogue.orders import ORDER, customer_of_order, order_named


class RefundPayment(InCurrency, Parameters):
    """Give back a part of a captured payment."""

    order_id: Identifier
    payment_id: Identifier
    currency: Currency
    amount: Amount
    note: Note = ""


SPEC = ActionSpec(
    name="refund_payment",
    title="Refund payment",
    noun="refund",
    effect="The money goes back to the customer.",
    undo="It cannot be taken back; the customer would have to pay again.",
    parameters=RefundPayment,
    risk=Risk.HIGH,
    reversibility=Reversibility.FINAL,
    measure=Measure.OWED,
    gives_money=True,
    record="orders",
    target=lambda p: f"payment:{p['payment_id']}",
    customer=customer_of_order,
    order=order_named,
    example=Example(
        params={"order_id": "o_1", "payment_id": "p_1", "amount": "8.00", "currency": "EUR",
                "note": "broken"},
        before=ORDER,
        after=ORDER | {"refunded": "8.00"},
    ),
)  # fmt: skip
