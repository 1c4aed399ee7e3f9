"""Returns as Medusa answers them: the return itself, and the order change that is being prepared.

What a return will hold or has counted in stands in an open order change until it is confirmed; an
order has at most one open change, so two returns of it cannot be prepared at the same time.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.responses import (
    Amount,
    Answer,
    Code,
    Words,
    check,
    list_if_none,
)

MARKER = "aios"  # the metadata field of a return that holds the key of the call that made it
LIMIT = 200  # returns of one order
OPEN, CANCELED = "open", "canceled"
ORDER_FIELDS = (
    "id,display_id,email,currency_code,status,fulfillment_status,items.id,items.title,"
    "items.subtitle,items.variant_sku,items.unit_price,items.detail.quantity,"
    "items.detail.fulfilled_quantity,"
    "items.detail.return_requested_quantity,items.detail.return_received_quantity,"
    "fulfillments.location_id,fulfillments.canceled_at"
)
RETURN_FIELDS = "id,status,metadata,items.item_id,items.quantity,items.received_quantity"
CHANGE_FIELDS = "id,return_id,change_type,status,actions.id,actions.action,actions.details"
Quantities = dict[str, int]  # pieces by order line


def total(pieces: Iterable[tuple[str, Decimal]]) -> Quantities:
    """Pieces by line; Medusa may name a line several times."""
    found: Counter[str] = Counter()
    for line_id, quantity in pieces:
        found[line_id] += int(quantity)
    return dict(found)


class Pieces(Answer):
    """How much of a line was ordered, sent, is on its way back, and has come back."""

    quantity: Amount
    fulfilled_quantity: Amount = Decimal()
    return_requested_quantity: Amount = Decimal()
    return_received_quantity: Amount = Decimal()


class Line(Answer):
    """One line of an order, as far as a return is concerned."""

    id: str
    title: Words
    subtitle: Words = ""
    variant_sku: Words = ""
    unit_price: Amount
    detail: Pieces


class Parcel(Answer):
    """Where the goods of an order were sent from."""

    location_id: Words = ""
    canceled_at: datetime | None = None


class ReturnableOrder(Answer):
    """An order with what has been returned of it."""

    id: str
    display_id: int
    email: Words
    currency_code: Code
    status: str
    fulfillment_status: str
    items: Annotated[list[Line], BeforeValidator(list_if_none)]
    fulfillments: Annotated[list[Parcel], BeforeValidator(list_if_none)] = []

    @property
    def location_id(self) -> str:
        """Where the goods were sent from and go back to; empty for an order that was not sent."""
        sent = [parcel.location_id for parcel in self.fulfillments if not parcel.canceled_at]
        return next(filter(None, sent), "")


class ReturnedLine(Answer):
    """What a return holds of one line."""

    item_id: str
    quantity: Amount
    received_quantity: Amount = Decimal()


class ReturnAnswer(Answer):
    """A return: open while it is prepared, then requested, then received, or canceled."""

    id: str
    status: str
    metadata: dict[str, Any] | None = None
    items: Annotated[list[ReturnedLine], BeforeValidator(list_if_none)] = []

    @property
    def requested(self) -> Quantities:
        """What is to come back."""
        return total((line.item_id, line.quantity) for line in self.items)

    @property
    def received(self) -> Quantities:
        """What has come back."""
        return total((line.item_id, line.received_quantity) for line in self.items)

    @property
    def has_arrived(self) -> bool:
        """Whether anything of it has come back."""
        return any(self.received.values())


class Details(Answer):
    """Which line an action of an order change is about."""

    reference_id: Words = ""
    quantity: Annotated[Amount, Field(ge=0)] = Decimal()


class ChangeAction(Answer):
    """One thing an order change will do."""

    id: str
    action: str
    details: Annotated[Details, BeforeValidator(lambda value: value or {})] = Details()


class OrderChange(Answer):
    """A change of an order that is being prepared, or was confirmed."""

    id: str
    return_id: str | None = None
    change_type: str | None = None
    status: str
    actions: Annotated[list[ChangeAction], BeforeValidator(list_if_none)] = []

    def quantities(self, action: str) -> Quantities:
        """Pieces by line over all actions of a kind."""
        details = (made.details for made in self.ones(action))
        return total((detail.reference_id, detail.quantity) for detail in details)

    def ones(self, action: str) -> list[ChangeAction]:
        """The actions of a kind."""
        return [made for made in self.actions if made.action == action]


class Returns(Answer):
    """A listing of returns."""

    returns: list[ReturnAnswer]


class OrderChanges(Answer):
    """A listing of order changes."""

    order_changes: list[OrderChange]


def fetch_returnable(api: AdminApi, order_id: str) -> ReturnableOrder:
    """One order with its returned quantities. Raises `Refused` (not_found)."""
    answer = api.get(path("orders", order_id), fields=ORDER_FIELDS)
    return check(ReturnableOrder, answer.get("order"))


def find_return(api: AdminApi, order_id: str, key: str) -> ReturnAnswer | None:
    """The return of the order that carries the key; a canceled one does not count."""
    answer = api.get(path("returns"), order_id=order_id, fields=RETURN_FIELDS, limit=LIMIT)
    for found in check(Returns, answer).returns:
        if (found.metadata or {}).get(MARKER) == key and found.status != CANCELED:
            return found
    return None


def find_change(api: AdminApi, order_id: str, return_id: str, kind: str) -> OrderChange | None:
    """The order change of that kind which is being prepared for the return."""
    answer = api.get(path("orders", order_id, "changes"), fields=CHANGE_FIELDS)
    for change in check(OrderChanges, answer).order_changes:
        prepared = change.status in ("pending", "requested")
        if prepared and change.return_id == return_id and change.change_type == kind:
            return change
    return None
