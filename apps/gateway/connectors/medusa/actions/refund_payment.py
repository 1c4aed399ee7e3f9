"""Give back a part of a captured payment, marked so that it can be found again."""

from decimal import Decimal

from apps.gateway.connectors.base import BadAnswer, CannotTell, Receipt, Refused
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.answers import OrderAnswer, PaymentAnswer, money
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.reads import fetch_order

MARKER = "aios:"


class RefundPayment(Action):
    """Medusa has no idempotency: the key in the refund's note is the only proof of whose it is."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"number", "email", "currency", "total", "captured", "refunded", "payment_status"}.

        `captured`, `refunded` and `payment_status` are those of the one payment.
        """
        return describe(*self._fetch(api, params))

    def predict(self, params: State, snapshot: State) -> State:
        """The refunded amount grows; the status follows from the amounts."""
        refunded = Decimal(snapshot["refunded"]) + Decimal(params["amount"])
        status = payment_status(Decimal(snapshot["captured"]), refunded)
        return {**snapshot, "refunded": money(refunded), "payment_status": status}

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """Refund with the marker in the note.

        Refused before the call for a wrong currency, or when money has moved since the snapshot:
        Medusa itself would refund again.
        """
        if params["currency"] != snapshot["currency"]:
            raise Refused(
                f"The payment is in {snapshot['currency']}, not {params['currency']}.",
                code="invalid_data",
            )
        _, payment = self._fetch(api, params)
        if money(payment.refunded) != snapshot["refunded"]:
            raise Refused(
                f"Payment {payment.id} shows {money(payment.refunded)} refunded, not "
                f"{snapshot['refunded']} as approved.",
                code="changed",
            )
        note = f"{params.get('note', '')} {MARKER}{key}".strip()
        body = {"amount": float(params["amount"]), "note": note}
        return api.post(path("payments", params["payment_id"], "refund"), body, key=key)

    def reference(self, params: State) -> str:
        """The payment; a receipt carries the refund's own id instead."""
        return str(params["payment_id"])

    def find_effect(
        self, api: AdminApi, params: State, *, key: str, snapshot: State
    ) -> Receipt | None:
        """Look for the refund with our marker among the refunds of the payment.

        `CannotTell` when money moved since the snapshot without the marker.
        """
        try:
            order, payment = self._fetch(api, params)
        except (BadAnswer, Refused) as error:
            raise CannotTell(f"The read-back failed: {error}") from error
        for refund in payment.refunds:
            if f"{MARKER}{key}" in refund.note.split():
                answer = {"refund_id": refund.id, "amount": money(refund.amount)}
                return Receipt(reference=refund.id, after=describe(order, payment), answer=answer)
        if money(payment.refunded) == snapshot["refunded"]:
            return None
        raise CannotTell(
            f"Payment {payment.id} shows {money(payment.refunded)} refunded, earlier "
            f"{snapshot['refunded']}, but no refund carries our marker. Look at it in the shop."
        )

    def _fetch(self, api: AdminApi, params: State) -> tuple[OrderAnswer, PaymentAnswer]:
        order = fetch_order(api, params["order_id"])
        for payment in order.payments:
            if payment.id == params["payment_id"]:
                return order, payment
        raise Refused(
            f"Order {order.display_id} has no payment {params['payment_id']}.", code="not_found"
        )


def describe(order: OrderAnswer, payment: PaymentAnswer) -> State:
    """What an approval of a refund rests on."""
    return {
        "number": str(order.display_id),
        "email": order.email,
        "currency": payment.currency_code.upper(),
        "total": money(order.original_total),
        "captured": money(payment.captured),
        "refunded": money(payment.refunded),
        "payment_status": payment_status(payment.captured, payment.refunded),
    }


def payment_status(captured: Decimal, refunded: Decimal) -> str:
    """Medusa's word for the state of a payment with these amounts."""
    if not captured:
        return "not_paid"
    if not refunded:
        return "captured"
    return "refunded" if refunded >= captured else "partially_refunded"
