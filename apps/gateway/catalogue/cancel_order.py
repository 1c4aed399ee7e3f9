"""Cancel order: an unfulfilled one; what was paid goes back in full."""

from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Example,
    Identifier,
    Measure,
    Parameters,
    Reversibility,
    Risk,
)
from apps.gateway.catalogue.orders import ORDER, customer_of_order, order_named


class CancelOrder(Parameters):
    """Cancel an unfulfilled order; a paid one is refunded in full by the shop."""

    order_id: Identifier


SPEC = ActionSpec(
    name="cancel_order",
    title="Cancel order",
    noun="cancellation",
    effect="The order is cancelled; a captured payment is refunded in full.",
    undo="It cannot be taken back; the customer would have to order again.",
    parameters=CancelOrder,
    risk=Risk.HIGH,
    reversibility=Reversibility.FINAL,
    measure=Measure.OWED,
    gives_money=True,
    record="orders",
    target=lambda p: f"order:{p['order_id']}",
    customer=customer_of_order,
    order=order_named,
    example=Example(params={"order_id": "o_1"}, before=ORDER, after=ORDER | {"refunded": "40.00"}),
)
