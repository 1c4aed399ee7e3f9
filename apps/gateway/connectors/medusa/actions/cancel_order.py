"""Cancel an order; Medusa refunds a captured payment in full by itself."""

from decimal import Decimal

from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.actions.refund_payment import payment_status
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.reads import fetch_order
from apps.gateway.connectors.medusa.responses import OrderAnswer
from apps.money.currency import written

CANCELED = "canceled"
NOT_SENT = ("not_fulfilled", "canceled")  # a canceled fulfilment holds nothing


class CancelOrder(Action):
    """A second cancellation is refused by Medusa, so this action cannot happen twice."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"number", "email", "currency", "total", "status", "captured", "refunded",
        "payment_status", "fulfillment_status"}; amounts are summed over the payments."""
        return state_of(fetch_order(api, params["order_id"]))

    def check(self, params: State, snapshot: State) -> None:
        """Not canceled already, and nothing of it has left."""
        number, fulfillment = snapshot["number"], snapshot["fulfillment_status"]
        if snapshot["status"] == CANCELED:
            raise Refused(
                f"Order {number} is canceled already.", code="not_allowed", field="order_id"
            )
        if fulfillment not in NOT_SENT:
            raise Refused(
                f"Order {number} is {fulfillment.replace('_', ' ')}: only what has not left can be "
                "cancelled.",
                code="not_allowed",
                field="order_id",
            )

    def foresee(self, params: State, snapshot: State) -> State:
        """Canceled, and everything captured is given back, over all payments."""
        captured = Decimal(snapshot["captured"])
        return {
            **snapshot,
            "status": CANCELED,
            "refunded": written(captured, snapshot["currency"]),
            "payment_status": payment_status(captured, captured),
        }

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """Cancel. Refused (changed) when the order is not the one the approval saw."""
        self.check_unchanged(api, params, snapshot)
        return api.post(path("orders", params["order_id"], "cancel"), {}, key=key)

    def reference(self, params: State) -> str:
        """The order."""
        return str(params["order_id"])


def state_of(order: OrderAnswer) -> State:
    """What an approval of a cancellation rests on."""
    captured = sum((payment.captured for payment in order.payments), Decimal())
    refunded = sum((payment.refunded for payment in order.payments), Decimal())
    return {
        "number": str(order.display_id),
        "email": order.email,
        "currency": order.currency,
        "total": written(order.charged, order.currency),
        "status": order.status,
        "captured": written(captured, order.currency),
        "refunded": written(refunded, order.currency),
        "payment_status": payment_status(captured, refunded),
        "fulfillment_status": order.fulfillment_status,
    }
