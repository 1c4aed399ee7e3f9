"""What connectors answer to reads: one canonical shape per kind of outside record.

Shop data is untrusted: every field is typed, unknown fields are dropped at the connector.
"""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Base of all records: frozen values."""

    model_config = ConfigDict(frozen=True)


class Variant(Record):
    """A sellable variant with its prices (currency code -> amount), cost and stock."""

    product_id: str
    variant_id: str
    sku: str
    product_title: str
    title: str
    prices: dict[str, Decimal]
    cost: Decimal | None = None  # in the shop's default currency, when the shop tells it
    stock: int | None = None
    inventory_item_id: str | None = None
    location_id: str | None = None
    updated_at: datetime | None = None


class Payment(Record):
    """A payment of an order: captured and refunded amounts."""

    payment_id: str
    currency: str
    captured: Decimal
    refunded: Decimal


class OrderLine(Record):
    """One line of an order."""

    line_id: str
    sku: str
    title: str
    quantity: int
    unit_price: Decimal


class Order(Record):
    """The one canonical order state, whatever the back end calls it."""

    order_id: str
    number: str
    email: str
    status: str  # pending, completed, canceled
    payment_status: str  # not_paid, captured, partially_refunded, refunded, ...
    fulfillment_status: str  # not_fulfilled, fulfilled, shipped, delivered, ...
    currency: str
    total: Decimal
    placed_at: datetime
    lines: list[OrderLine]
    payments: list[Payment]


class Message(Record):
    """A message from a customer."""

    message_id: str
    sender: str
    subject: str
    body: str
    order_number: str | None = None
    received_at: datetime


class CompetitorPrice(Record):
    """What a competitor asks for the same article."""

    sku: str
    currency: str
    amount: Decimal
    source: str
    seen_at: datetime
