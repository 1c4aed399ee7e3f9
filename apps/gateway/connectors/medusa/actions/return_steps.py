"""The six calls of a return, each with its read-back and what takes it back.

The return carries the key in its metadata. It is prepared in an order change, confirmed (then it
is requested), received in a second order change, and confirmed again: then the goods are in
stock, and Medusa cancels it no more. Its status proves nothing: after a confirmation that failed
it says "received" although nothing was; the received quantities tell.
"""

from collections.abc import Iterable

from apps.gateway.connectors.base import Context, Found, Refused, Step
from apps.gateway.connectors.medusa.actions.base import State
from apps.gateway.connectors.medusa.actions.return_state import quantities, state_of
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.returns import (
    MARKER,
    OPEN,
    OrderChange,
    Quantities,
    ReturnAnswer,
    fetch_returnable,
    find_change,
    find_return,
)

REQUEST, RECEIPT = "return_request", "return_receive"  # kinds of order change
LISTED, COUNTED = "RETURN_ITEM", "RECEIVE_RETURN_ITEM"  # kinds of action in them


class ReturnSteps:
    """The calls for one return of one order, marked with `key`; `seen` is what was approved."""

    def __init__(self, api: AdminApi, params: State, key: str, seen: State) -> None:
        self._api, self._key, self._seen = api, key, seen
        self._order: str = params["order_id"]
        self._note: str = params.get("note", "")
        self._wanted = quantities(params)

    def all(self) -> tuple[Step, ...]:
        """In order; only the last one cannot be undone."""
        return (
            Step(name="create_return", find=self._created, do=self._create, undo=self._delete),
            Step(name="request_items", find=self._listed, do=self._list, undo=self._unlist),
            Step(name="confirm_request", find=self._requested, do=self._confirm_request,
                 undo=self._cancel),
            Step(name="begin_receipt", find=self._receiving, do=self._begin_receipt,
                 undo=self._end_receipt),
            Step(name="receive_items", find=self._counted, do=self._count, undo=self._uncount),
            Step(name="confirm_receipt", find=self._received, do=self._confirm_receipt, undo=None),
        )  # fmt: skip

    def _created(self, _: Context) -> Found | None:
        found = self._find()
        return {"reference": found.id} if found else None

    def _create(self, _: Context) -> object:
        marks = {MARKER: self._key} | ({"note": self._note} if self._note else {})
        order = fetch_returnable(self._api, self._order)
        if state_of(order) != self._seen:
            raise Refused(f"Order {order.display_id} changed after the approval.", code="changed")
        where = {"location_id": order.location_id} if order.location_id else {}
        body = {"order_id": self._order, "metadata": marks, **where}
        return self._api.post(path("returns"), body, key=self._key)

    def _delete(self, context: Context) -> object:
        return self._api.delete(self._path(context, "request"), key=self._key)

    def _listed(self, _: Context) -> Found | None:
        found = self._find()
        if found is None:
            return None
        if found.status != OPEN:
            return self._compared(found.id, found.requested)
        return self._prepared(self._change(found, REQUEST), LISTED)

    def _list(self, context: Context) -> object:
        return self._api.post(self._path(context, "request-items"), self._items(), key=self._key)

    def _unlist(self, context: Context) -> None:
        change = find_change(self._api, self._order, self._id(context), REQUEST)
        self._remove(change, LISTED, self._path(context, "request-items"))

    def _requested(self, _: Context) -> Found | None:
        found = self._find()
        return {"reference": found.id} if found and found.status != OPEN else None

    def _confirm_request(self, context: Context) -> object:
        return self._api.post(self._path(context, "request"), {}, key=self._key)

    def _cancel(self, context: Context) -> object:
        return self._api.post(self._path(context, "cancel"), {}, key=self._key)

    def _receiving(self, _: Context) -> Found | None:
        found = self._find()
        if found is None or found.has_arrived:
            return {"reference": found.id} if found else None
        change = self._change(found, RECEIPT)
        return {"reference": change.id} if change else None

    def _begin_receipt(self, context: Context) -> object:
        return self._api.post(self._path(context, "receive"), {}, key=self._key)

    def _end_receipt(self, context: Context) -> object:
        return self._api.delete(self._path(context, "receive"), key=self._key)

    def _counted(self, _: Context) -> Found | None:
        found = self._find()
        if found is None:
            return None
        if found.has_arrived:
            return self._compared(found.id, found.received)
        return self._prepared(self._change(found, RECEIPT), COUNTED)

    def _count(self, context: Context) -> object:
        return self._api.post(self._path(context, "receive-items"), self._items(), key=self._key)

    def _uncount(self, context: Context) -> None:
        change = find_change(self._api, self._order, self._id(context), RECEIPT)
        self._remove(change, COUNTED, self._path(context, "receive-items"))

    def _received(self, _: Context) -> Found | None:
        found = self._find()
        if found is None or not found.has_arrived:
            return None
        return self._compared(found.id, found.received)

    def _confirm_receipt(self, context: Context) -> object:
        return self._api.post(self._path(context, "receive", "confirm"), {}, key=self._key)

    def _find(self) -> ReturnAnswer | None:
        return find_return(self._api, self._order, self._key)

    def _change(self, found: ReturnAnswer, kind: str) -> OrderChange | None:
        return find_change(self._api, self._order, found.id, kind)

    def _prepared(self, change: OrderChange | None, action: str) -> Found | None:
        """What stands in an order change; None where nothing of the kind does."""
        if change is None or not change.ones(action):
            return None
        return self._compared(change.id, change.quantities(action))

    def _compared(self, reference: str, pieces: Quantities) -> Found:
        if pieces == self._wanted:
            return {"reference": reference}
        return {"reference": reference, "wrong": f"The shop has {pieces}, not {self._wanted}."}

    def _items(self) -> dict[str, object]:
        return {"items": [{"id": line, "quantity": n} for line, n in self._wanted.items()]}

    def _remove(self, change: OrderChange | None, action: str, place: str) -> None:
        """Take all actions of a kind out of the change."""
        found: Iterable[str] = (made.id for made in change.ones(action)) if change else ()
        for action_id in found:
            self._api.delete(f"{place}/{action_id}", key=self._key)

    def _id(self, context: Context) -> str:
        return str(context["create_return"]["reference"])

    def _path(self, context: Context, *segments: str) -> str:
        return path("returns", self._id(context), *segments)
