"""What was really paid for each line of an order, and what of it is left to give back. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from apps.gateway.records import Order, OrderLine, Payment
from apps.money.currency import allocate, round_to, step


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What was paid for the goods of an order, by line id, and how it came about.

    `listed` is what the same pieces cost by the price list; `doubt` says why a person should look
    at the sums, empty where they add up.
    """

    lines: dict[str, Decimal]
    listed: dict[str, Decimal]
    shipping: Decimal | None
    doubt: str = ""

    def of(self, line: OrderLine, pieces: Decimal, currency: str) -> Decimal:
        """What so many pieces of the line were paid with."""
        whole = self.lines[line.line_id]
        return whole if pieces >= line.kept else round_to(whole * pieces / line.kept, currency)


def paid_for(order: Order) -> Paid:
    """What the customer paid for each line: its share of the money that came in.

    Shared out by what the shop says it charged for the lines, or by their prices where it does not
    say; to the last minor unit. Raises `UnknownCurrency`.
    """
    captured = sum((payment.captured for payment in in_currency(order)), Decimal())
    shipping = None if order.shipping is None else round_to(order.shipping, order.currency)
    whole = round_to(min(order.total, captured), order.currency, ROUND_DOWN)
    goods = max(whole - (shipping or 0), step(order.currency) * 0)
    shares = allocate(goods, weights(order.lines), order.currency)
    ids = [line.line_id for line in order.lines]
    listed = [round_to(line.unit_price * line.kept, order.currency) for line in order.lines]
    return Paid(
        lines=dict(zip(ids, shares, strict=True)),
        listed=dict(zip(ids, listed, strict=True)),
        shipping=shipping,
        doubt=doubt(order, captured),
    )


def weights(lines: Sequence[OrderLine]) -> list[Decimal]:
    """By what the goods are shared out; a line that takes something off weighs nothing."""
    told = [line.paid for line in lines if line.paid is not None]
    if len(told) < len(lines) or not any(told):
        told = [line.unit_price * line.kept for line in lines]
    return [max(weight, Decimal()) for weight in told]


def doubt(order: Order, captured: Decimal) -> str:
    """Why the money that came in does not answer what was charged; empty if it does."""
    if len(in_currency(order)) < len(order.payments):
        return f"A part was paid in another currency than {order.currency}."
    if abs(captured - order.total) >= step(order.currency):
        return f"{order.total} {order.currency} were charged, {captured} were paid."
    return ""


def in_currency(order: Order) -> list[Payment]:
    """The payments in the order's own currency."""
    return [payment for payment in order.payments if payment.currency == order.currency]


def left_of(payment: Payment) -> Decimal:
    """What can still be given back of a payment, in whole minor units; never below nothing."""
    left = max(payment.captured - payment.refunded, Decimal())
    return round_to(left, payment.currency, ROUND_DOWN)


def refunded(order: Order) -> Decimal:
    """What was given back of an order, over all payments in its currency."""
    return sum((payment.refunded for payment in in_currency(order)), Decimal())
