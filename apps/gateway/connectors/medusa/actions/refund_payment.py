"""Give back a part of a captured payment, marked so that it can be found again."""

from decimal import Decimal

from apps.gateway.connectors.base import BadAnswer, CannotTell, Receipt, Refused
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.reads import fetch_order
from apps.gateway.connectors.medusa.responses import OrderAnswer, PaymentAnswer
from apps.money.currency import UnfitAmount, UnknownCurrency, fit, written

MARKER = "aios:"


class RefundPayment(Action):
    """Medusa has no idempotency: the key in the refund's note is the only proof of whose it is."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"number", "email", "currency", "total", "captured", "refunded", "payment_status"}.

        `captured`, `refunded` and `payment_status` are those of the one payment.
        """
        return state_of(*self._fetch(api, params))

    def check(self, params: State, snapshot: State) -> None:
        """In the payment's currency, an amount that it has, and no more than is left of it.

        Medusa itself lets a cent too much pass: it compares with the store currency's precision.
        """
        currency, amount = snapshot["currency"], Decimal(params["amount"])
        if params["currency"] != currency:
            raise Refused(
                f"The payment is in {currency}, not {params['currency']}.",
                code="invalid_data",
                field="currency",
            )
        check_amount(amount, currency)
        left = Decimal(snapshot["captured"]) - Decimal(snapshot["refunded"])
        if amount > left:
            raise Refused(
                f"Only {written(max(left, Decimal()), currency)} {currency} is left of the "
                f"payment: {snapshot['captured']} captured, {snapshot['refunded']} refunded.",
                code="invalid_data",
                field="amount",
            )

    def foresee(self, params: State, snapshot: State) -> State:
        """The refunded amount grows; the status follows from the amounts."""
        refunded = Decimal(snapshot["refunded"]) + Decimal(params["amount"])
        return {
            **snapshot,
            "refunded": written(refunded, snapshot["currency"]),
            "payment_status": payment_status(Decimal(snapshot["captured"]), refunded),
        }

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """Refund with the marker in the note.

        Refused before the call when money has moved since the snapshot: Medusa itself would refund
        again.
        """
        _, payment = self._fetch(api, params)
        refunded = written(payment.refunded, payment.currency)
        if refunded != snapshot["refunded"]:
            raise Refused(
                f"Payment {payment.id} shows {refunded} refunded, not {snapshot['refunded']} as "
                "approved.",
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
                answer = {
                    "refund_id": refund.id,
                    "amount": written(refund.amount, payment.currency),
                }
                return Receipt(reference=refund.id, after=state_of(order, payment), answer=answer)
        refunded = written(payment.refunded, payment.currency)
        if refunded == snapshot["refunded"]:
            return None
        raise CannotTell(
            f"Payment {payment.id} shows {refunded} refunded, earlier "
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


def state_of(order: OrderAnswer, payment: PaymentAnswer) -> State:
    """What an approval of a refund rests on."""
    currency = payment.currency
    return {
        "number": str(order.display_id),
        "email": order.email,
        "currency": currency,
        "total": written(order.charged, order.currency),
        "captured": written(payment.captured, currency),
        "refunded": written(payment.refunded, currency),
        "payment_status": payment_status(payment.captured, payment.refunded),
    }


def check_amount(amount: Decimal, currency: str) -> None:
    """More than nothing, in a currency there is, with the decimals it has. Raises `Refused`."""
    if amount <= 0:
        raise Refused("An amount has to be above 0.", code="invalid_data", field="amount")
    try:
        fit(amount, currency)
    except UnknownCurrency as error:
        raise Refused(str(error), code="invalid_data", field="currency") from error
    except UnfitAmount as error:
        raise Refused(str(error), code="invalid_data", field="amount") from error


def payment_status(captured: Decimal, refunded: Decimal) -> str:
    """Medusa's word for the state of a payment with these amounts."""
    if not captured:
        return "not_paid"
    if not refunded:
        return "captured"
    return "refunded" if refunded >= captured else "partially_refunded"
