"""How much to give back: the one place where an amount is decided. Pure, in decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from apps.agents.playbooks.refund_desk.classify import Intent
from apps.agents.playbooks.refund_desk.knobs import Knobs
from apps.gateway.records import Order, OrderLine, Payment

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class Refund:
    """An amount in the payment's currency and how it came about; 0 with the reason why not."""

    amount: Decimal
    reason: str


def refund_amount(
    *,
    order: Order,
    payment: Payment | None,
    intent: Intent,
    lines: Sequence[OrderLine],
    knobs: Knobs,
    now: datetime,
    ratio: Decimal = Decimal(1),
) -> Refund:
    """What to give back for an order; never more than is left of the payment.

    `lines` are those the message speaks of. `ratio` is how a reviewer corrected a similar case.
    """
    if payment is None or payment.captured <= payment.refunded:
        return Refund(amount=NOTHING, reason="Nothing of the payment is left to give back.")
    wanted = due(order, intent, lines, knobs, now=now)
    left = payment.captured - payment.refunded
    amount = min(wanted.amount * ratio, left).quantize(CENT, ROUND_HALF_UP)
    reason = wanted.reason
    if ratio != 1:
        reason += f" Times {ratio.normalize():f}, as a reviewer corrected a similar case."
    if wanted.amount * ratio > left:
        reason += f" Capped at the {left} which is left of the payment."
    return Refund(amount=amount, reason=reason)


def due(
    order: Order, intent: Intent, lines: Sequence[OrderLine], knobs: Knobs, *, now: datetime
) -> Refund:
    """What the message entitles to, before caps."""
    if intent == Intent.DAMAGED:
        return damaged(lines, knobs)
    if intent == Intent.MONEY_BACK:
        return money_back(order, lines, knobs, now=now)
    if intent == Intent.LATE:
        return late(order, knobs, now=now)
    return Refund(amount=NOTHING, reason="Such a message alone is no reason for a refund.")


def damaged(lines: Sequence[OrderLine], knobs: Knobs) -> Refund:
    """One piece of each damaged article."""
    total = sum((line.unit_price for line in lines), Decimal())
    share = knobs.damaged_percent
    reason = f"{share} % of one piece each of {names(lines)} ({total})."
    return Refund(amount=total * share / 100, reason=reason)


def money_back(order: Order, lines: Sequence[OrderLine], knobs: Knobs, *, now: datetime) -> Refund:
    """All pieces of the articles, within the days for returns."""
    days = (now - order.placed_at).days
    if days > knobs.return_days:
        late = f"The order is {days} days old; returns end after {knobs.return_days}."
        return Refund(amount=NOTHING, reason=late)
    total = sum((line.unit_price * line.quantity for line in lines), Decimal())
    share = knobs.money_back_percent
    return Refund(amount=total * share / 100, reason=f"{share} % of {names(lines)} ({total}).")


def late(order: Order, knobs: Knobs, *, now: datetime) -> Refund:
    """Goodwill for an order that is on its way for too long."""
    days = (now - order.placed_at).days
    if order.fulfillment_status == "delivered" or days < knobs.late_days:
        state = order.fulfillment_status.replace("_", " ")
        return Refund(amount=NOTHING, reason=f"The order is {state}, {days} days old: not late.")
    amount = min(order.total * knobs.late_percent / 100, knobs.late_most)
    reason = (
        f"{knobs.late_percent} % of the order's {order.total} as goodwill, "
        f"at most {knobs.late_most}; {days} days since the order."
    )
    return Refund(amount=amount, reason=reason)


def names(lines: Sequence[OrderLine]) -> str:
    """The articles, named."""
    return ", ".join(line.title for line in lines) or "no article"


def refundable(order: Order) -> Payment | None:
    """The payment with most left to give back."""
    return max(order.payments, key=lambda one: one.captured - one.refunded, default=None)


def mentioned(order: Order, text: str) -> list[OrderLine]:
    """The lines of the order a text speaks of: named, or the only one."""
    folded = text.casefold()
    named = [
        line
        for line in order.lines
        if line.title.split(" / ")[0].casefold() in folded or line.sku.casefold() in folded
    ]
    return named or (order.lines if len(order.lines) == 1 else [])
