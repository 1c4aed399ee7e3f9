"""Take goods of an order back into stock: six calls, of which all but the last can be undone."""

from decimal import Decimal

from apps.gateway.connectors.base import BadAnswer, CannotTell, Found, Receipt, Refused, Step
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.actions.return_state import quantities, state_of
from apps.gateway.connectors.medusa.actions.return_steps import ReturnSteps
from apps.gateway.connectors.medusa.api import AdminApi
from apps.gateway.connectors.medusa.returns import (
    CANCELED,
    ReturnableOrder,
    fetch_returnable,
    find_return,
)
from apps.money.currency import written


class ReturnItems(Action):
    """Nothing is refunded: the shop owes the customer the price until a refund is made."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"number", "email", "currency", "status", "fulfillment_status", "items", "sent",
        "unit_price", "returning", "returned", "returned_total", "line_ids"}; by article."""
        return state_of(self._fetch(api, params))

    def check(self, params: State, snapshot: State) -> None:
        """Only lines of the order, and no more of them than were sent and are not on their way."""
        number, names = snapshot["number"], names_of(snapshot)
        if snapshot["status"] == CANCELED:
            raise Refused(f"Order {number} is canceled.", code="invalid_data", field="order_id")
        for line_id, pieces in quantities(params).items():
            if line_id not in names:
                raise no_line(number, line_id)
            name = names[line_id]
            gone = snapshot["returned"][name] + snapshot["returning"].get(name, 0)
            left = Decimal(snapshot["sent"][name]) - gone
            if pieces > left:
                raise Refused(
                    f"Of {name} {max(left, Decimal()).normalize():f} can come back: "
                    f"{snapshot['sent'][name]} were sent, {gone} are back or on their way.",
                    code="invalid_data",
                    field="items",
                )

    def foresee(self, params: State, snapshot: State) -> State:
        """More pieces have come back. `Refused` for a line the order does not have."""
        names, currency = names_of(snapshot), snapshot["currency"]
        returned, total = dict(snapshot["returned"]), Decimal(snapshot["returned_total"])
        for line_id, pieces in quantities(params).items():
            if line_id not in names:
                raise no_line(snapshot["number"], line_id)
            name = names[line_id]
            returned[name] += pieces
            total += pieces * Decimal(snapshot["unit_price"][name])
        return {**snapshot, "returned": returned, "returned_total": written(total, currency)}

    def steps(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> tuple[Step, ...]:
        """Open the return, list, request, begin to receive, count in, confirm."""
        return ReturnSteps(api, params, key, snapshot).all()

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """All six in a row; a failure leaves those before it standing (see `steps`)."""
        context: dict[str, Found] = {}
        for step in self.steps(api, params, key=key, snapshot=snapshot):
            step.do(context)
            found = step.find(context)
            if found is None:
                raise Refused(f"The shop accepted '{step.name}' without effect.", code="no_effect")
            context[step.name] = found
        return {}

    def reference(self, params: State) -> str:
        """The order; a receipt carries the return's own id instead."""
        return str(params["order_id"])

    def find_effect(
        self, api: AdminApi, params: State, *, key: str, snapshot: State
    ) -> Receipt | None:
        """Look for the return with our marker. `CannotTell` when it is there, but not complete."""
        try:
            found = find_return(api, params["order_id"], key)
            if found is None:
                return None
            if found.received != quantities(params):
                raise CannotTell(f"Return {found.id} is {found.status}: not carried out in full.")
            after = self.snapshot(api, params)
        except (BadAnswer, Refused) as error:
            raise CannotTell(f"The read-back failed: {error}") from error
        return Receipt(reference=found.id, after=after, answer={"return_id": found.id})

    def _fetch(self, api: AdminApi, params: State) -> ReturnableOrder:
        order = fetch_returnable(api, params["order_id"])
        known = {line.id for line in order.items}
        if missing := [line for line in quantities(params) if line not in known]:
            raise no_line(order.display_id, missing[0])
        return order


def names_of(snapshot: State) -> dict[str, str]:
    """What a person calls each line, by its id."""
    return {line_id: name for name, line_id in snapshot["line_ids"].items()}


def no_line(number: object, line_id: str) -> Refused:
    """The refusal of goods the order does not have."""
    return Refused(f"Order {number} has no line {line_id}.", code="not_found", field="items")
