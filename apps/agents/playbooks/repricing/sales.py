"""What the shop sold lately, read from its newest orders."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from apps.gateway import queries as gateway
from apps.gateway.errors import ConnectorError
from apps.gateway.records import Order

NEWEST = 200  # orders read
SPAN = timedelta(days=30)
Pieces = int | Decimal


class Sales(BaseModel):
    """Pieces of a SKU sold since a day, in so many orders; by day where any were.

    With decimals where goods are sold by the metre or by weight.
    """

    model_config = ConfigDict(frozen=True)

    since: date
    pieces: Pieces = 0
    orders: int = 0
    by_day: dict[date, Pieces] = {}


class Sold(BaseModel):
    """What was sold of each SKU since a day: that of the oldest order read, 30 days at most."""

    model_config = ConfigDict(frozen=True)

    since: date
    of: dict[str, Sales]

    def sales(self, sku: str) -> Sales:
        """Of this SKU; none sold is a fact, too."""
        return self.of.get(sku, Sales(since=self.since))


def read(workspace_id: UUID, *, now: datetime) -> Sold | None:
    """The sales, or None where no connector tells orders or none can be read now."""
    try:
        rows = gateway.read(workspace_id, "orders", limit=NEWEST)
    except (ConnectorError, gateway.NoConnector):
        return None
    return count(cast(Sequence[Order], rows), now=now)


def count(orders: Sequence[Order], *, now: datetime) -> Sold:
    """Add up what was ordered and not cancelled."""
    start = now - SPAN
    if len(orders) >= NEWEST:
        start = max(start, min(order.placed_at for order in orders))
    pieces: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    times: dict[str, int] = defaultdict(int)
    for order in orders:
        if order.status == "canceled" or order.placed_at < start:
            continue
        for sku in {line.sku for line in order.lines}:
            times[sku] += 1
        for line in order.lines:
            pieces[line.sku][order.placed_at.date()] += line.quantity
    return Sold(
        since=start.date(),
        of={
            sku: Sales(
                since=start.date(),
                pieces=counted(sum(days.values(), Decimal())),
                orders=times[sku],
                by_day={day: counted(days[day]) for day in sorted(days)},
            )
            for sku, days in pieces.items()
        },
    )


def counted(pieces: Decimal) -> Pieces:
    """Whole pieces as a whole number."""
    return int(pieces) if pieces == pieces.to_integral_value() else pieces
