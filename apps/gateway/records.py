"""What connectors answer to reads: one canonical shape per kind of outside record.

Shop data is untrusted: every field is typed, unknown fields are dropped at the connector. How a
value is read, and when it is refused, stands in `record_fields`.
"""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from apps.gateway.record_fields import (
    Address,
    Amount,
    Code,
    Identifier,
    Line,
    MessageIds,
    Moment,
    Name,
    OptionalName,
    Quantity,
    Sender,
    Sku,
    Words,
)


class Record(BaseModel):
    """Base of all records: frozen values."""

    model_config = ConfigDict(frozen=True)


class Variant(Record):
    """A sellable variant with its prices (currency code -> amount), cost and stock."""

    product_id: Identifier
    variant_id: Identifier
    sku: Sku
    product_title: Words
    title: Words
    prices: dict[str, Decimal]
    cost: Decimal | None = None  # when the shop tells it
    cost_currency: str = ""  # empty: not known
    stock: int | None = None
    inventory_item_id: OptionalName = None
    location_id: OptionalName = None
    updated_at: Moment | None = None


class GivenBack(Record):
    """One refund of a payment; the note is whoever's who made it."""

    amount: Decimal
    note: str = ""


class Payment(Record):
    """A payment of an order: captured and refunded amounts, and the refunds one by one."""

    payment_id: Identifier
    currency: str
    captured: Decimal
    refunded: Decimal
    refunds: list[GivenBack] = []


class OrderLine(Record):
    """One line of an order.

    `quantity` is what was ordered, `returned` what of it has come back. `paid` is what was charged
    for the rest, discounts off and tax in, unrounded as the shop works it out; `discount` and `tax`
    went into it. None where the shop does not tell.
    """

    line_id: Identifier
    sku: Sku
    title: Words
    quantity: Quantity
    unit_price: Decimal
    paid: Decimal | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    returned: Decimal = Decimal(0)

    @property
    def kept(self) -> Decimal:
        """What the customer has of it."""
        return Decimal(self.quantity) - self.returned


class Order(Record):
    """The one canonical order state, whatever the back end calls it.

    `email` is the bare address, empty where the shop has none.
    `total` is what was charged: goods, shipping and tax after discounts, less goods that have come
    back. `shipping` is the part of it for shipping, None where the shop does not tell.
    """

    order_id: Identifier
    number: Line
    email: Address
    status: Line  # pending, completed, canceled
    payment_status: Line  # not_paid, captured, partially_refunded, refunded, ...
    fulfillment_status: Line  # not_fulfilled, fulfilled, shipped, delivered, ...
    currency: str
    total: Decimal
    placed_at: Moment
    lines: list[OrderLine]
    payments: list[Payment]
    shipping: Decimal | None = None


class Message(Record):
    """A message from a customer.

    `sender` is the one bare address that can be answered, its domain in ASCII; empty where there
    is none, or more than one: then a person has to look at `written_by`, which is what the message
    says. `mailbox` tells messages of several connectors apart that have the same identifier.
    `in_reply_to` and `references` are the identifiers of earlier messages it names, if it does.
    """

    message_id: Name
    sender: Sender
    subject: Line
    body: Words
    order_number: OptionalName = None
    received_at: Moment
    written_by: Line = ""
    mailbox: str = ""
    in_reply_to: MessageIds = ()
    references: MessageIds = ()

    @model_validator(mode="before")
    @classmethod
    def keep_what_is_written(cls, values: Any) -> Any:
        """Keep the sender as it stands in the message beside what is read of it."""
        if isinstance(values, dict) and not values.get("written_by"):
            return {**values, "written_by": values.get("sender")}
        return values

    @property
    def key(self) -> str:
        """What names the message among all of the workspace."""
        return f"{self.mailbox}:{self.message_id}" if self.mailbox else self.message_id


class CompetitorPrice(Record):
    """What a competitor asks for the same article."""

    sku: Name
    currency: Code
    amount: Amount
    source: Line = ""
    seen_at: Moment
