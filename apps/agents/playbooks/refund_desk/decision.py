"""How much to give back: the one place where an amount is decided. Pure, in decimals.

It starts from what was really paid (see `paid`), never from a price list, and gives back over all
payments of the order, each within what it captured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from apps.agents.playbooks.refund_desk.earlier import Earlier, earlier_for
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.paid import Paid, in_currency, left_of, paid_for
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.records import Order, OrderLine
from apps.money.currency import is_currency, round_to, text

NOTHING = Decimal("0.00")


@dataclass(frozen=True, kw_only=True)
class Share:
    """The part of a refund that goes back on one payment."""

    payment_id: str
    amount: Decimal
    left: Decimal  # of the payment before this


@dataclass(frozen=True, kw_only=True)
class Cap:
    """The most goodwill in an order's currency; `source` says by which rate."""

    amount: Decimal
    currency: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Refund:
    """An amount in the order's currency and how it came about; 0 with the reason why not.

    `shares` are what goes back on each payment. `doubt` says why a person has to decide, whatever
    a policy allows; `steps` show the reckoning line by line.
    """

    amount: Decimal
    reason: str
    shares: tuple[Share, ...] = ()
    doubt: str = ""
    steps: tuple[str, ...] = ()


def refund_amount(
    *,
    order: Order,
    intent: Intent,
    lines: Sequence[OrderLine],
    settings: Settings,
    now: datetime,
    ratio: Decimal = Decimal(1),
    pieces: Mapping[str, Decimal] | None = None,
    cap: Cap | None = None,
) -> Refund:
    """What to give back for an order; never more than is left of its payments.

    `lines` are those the message speaks of, `pieces` how many of them by line id where it says so.
    `ratio` is how a reviewer corrected a similar case, `cap` the most goodwill in the order's
    currency where that is not the one of the settings.
    """
    if not is_currency(order.currency):
        why = f"“{order.currency}” is not a currency money can be counted in."
        return Refund(amount=NOTHING, reason=why, doubt=why)
    left = sum((left_of(payment) for payment in in_currency(order)), Decimal())
    if left <= 0:
        return Refund(amount=NOTHING, reason="Nothing of the payment is left to give back.")
    wanted = due(order, intent, lines, settings, now=now, pieces=pieces or {}, cap=cap)
    if wanted.amount <= 0:
        return wanted
    found = earlier_for(order, intent, lines)
    if found == Earlier.SAME:
        why = "The same was refunded before."
        return Refund(amount=NOTHING, reason=why, doubt=why, steps=wanted.steps)
    return within(order, corrected(order, wanted, lines, intent, ratio), found, left)


def corrected(
    order: Order, wanted: Refund, lines: Sequence[OrderLine], intent: Intent, ratio: Decimal
) -> Refund:
    """The refund as a reviewer corrected a similar one; at most what was paid for the goods."""
    if ratio == 1:
        return wanted
    amount = round_to(wanted.amount * ratio, order.currency)
    if intent != Intent.LATE:
        paid = paid_for(order)
        amount = min(amount, sum((paid.lines[line.line_id] for line in lines), Decimal()))
    reason = f"{wanted.reason} Times {ratio.normalize():f}, as a reviewer corrected a similar case."
    return replace(wanted, amount=amount, reason=reason)


def within(order: Order, wanted: Refund, found: Earlier, left: Decimal) -> Refund:
    """The refund over the order's payments, and what of it a person has to look at."""
    amount, reason, doubts = min(wanted.amount, left), wanted.reason, [wanted.doubt]
    if wanted.amount > left:
        capped = f"Capped at the {text(left, order.currency)} which is left of what was paid."
        reason += f" {capped}"
        doubts.append(capped)
    if found == Earlier.UNKNOWN:
        doubts.append("Money has been given back on this order before; nothing says what for.")
    return replace(
        wanted,
        amount=amount,
        reason=reason,
        shares=spread(order, amount),
        doubt=" ".join(filter(None, doubts)),
    )


def spread(order: Order, amount: Decimal) -> tuple[Share, ...]:
    """The amount over the order's payments, most left first, each within what is left of it."""
    rest, shares = amount, []
    for payment in sorted(in_currency(order), key=left_of, reverse=True):
        part = min(left_of(payment), rest)
        if part > 0:
            shares.append(Share(payment_id=payment.payment_id, amount=part, left=left_of(payment)))
            rest -= part
    return tuple(shares)


def due(
    order: Order,
    intent: Intent,
    lines: Sequence[OrderLine],
    settings: Settings,
    *,
    now: datetime,
    pieces: Mapping[str, Decimal],
    cap: Cap | None = None,
) -> Refund:
    """What the message entitles to, before what is left counts."""
    if intent == Intent.DAMAGED:
        return damaged(order, lines, settings, pieces=pieces)
    if intent == Intent.MONEY_BACK:
        return money_back(order, lines, settings, now=now, pieces=pieces)
    if intent == Intent.LATE:
        return late(order, settings, now=now, cap=cap)
    return Refund(amount=NOTHING, reason="Such a message alone is no reason for a refund.")


def damaged(
    order: Order, lines: Sequence[OrderLine], settings: Settings, *, pieces: Mapping[str, Decimal]
) -> Refund:
    """One piece of each damaged article, or as many as the message says; what is weighed, whole."""
    counts = {line.line_id: pieces.get(line.line_id, a_piece_of(line)) for line in lines}
    return share_of(order, lines, counts, settings.damaged_percent)


def a_piece_of(line: OrderLine) -> Decimal:
    """One piece, or all of what is not sold by the piece."""
    return Decimal(1) if line.kept == int(line.kept) else line.kept


def money_back(
    order: Order,
    lines: Sequence[OrderLine],
    settings: Settings,
    *,
    now: datetime,
    pieces: Mapping[str, Decimal],
) -> Refund:
    """All pieces of the articles, or as many as the message says, within the days for returns."""
    days = (now - order.placed_at).days
    if days > settings.return_days:
        late = f"The order is {days} days old; returns end after {settings.return_days}."
        return Refund(amount=NOTHING, reason=late)
    counts = {line.line_id: pieces.get(line.line_id, line.kept) for line in lines}
    return share_of(order, lines, counts, settings.money_back_percent)


def share_of(
    order: Order, lines: Sequence[OrderLine], counts: Mapping[str, Decimal], percent: Decimal
) -> Refund:
    """A share of what so many pieces of these lines were paid with."""
    paid = paid_for(order)
    parts = [(line, paid.of(line, counts[line.line_id], order.currency)) for line in lines]
    whole = sum((part for _, part in parts), Decimal())
    named = ", ".join(f"{counts[line.line_id].normalize():f} x {line.title}" for line in lines)
    return Refund(
        amount=round_to(whole * percent / 100, order.currency),
        reason=f"{percent} % of what was paid for {named or 'no article'} "
        f"({text(round_to(whole, order.currency), order.currency)}).",
        steps=tuple(reckoning(order, paid, line, part) for line, part in parts),
        doubt=paid.doubt,
    )


def reckoning(order: Order, paid: Paid, line: OrderLine, part: Decimal) -> str:
    """How what was paid for a line came about, in a sentence."""
    quantity, whole = f"{line.kept.normalize():f}", paid.lines[line.line_id]
    listed = paid.listed[line.line_id]
    words = f"{line.title}: {quantity} x {line.unit_price.normalize():f} = {listed} at list price"
    if line.discount:
        words += f", discount {round_to(line.discount, order.currency)}"
    if line.tax:
        words += f", tax {round_to(line.tax, order.currency)}"
    words += f"; paid {whole}"
    if whole != listed and not line.discount and not line.tax:
        goods = sum(paid.lines.values(), Decimal())
        words += f", its share of {text(goods, order.currency)} for all goods"
    return f"{words}; {part} of it counts here." if part != whole else f"{words}."


def late(order: Order, settings: Settings, *, now: datetime, cap: Cap | None = None) -> Refund:
    """Goodwill for an order that has been on its way for too long.

    The most of it is an amount of one currency: in another one it counts by a dated rate, in
    `cap`; without one no amount is due and a person decides.
    """
    days = (now - order.placed_at).days
    if order.fulfillment_status == "delivered" or days < settings.late_days:
        state = order.fulfillment_status.replace("_", " ")
        return Refund(amount=NOTHING, reason=f"The order is {state}, {days} days old: not late.")
    most = most_goodwill(order, settings, cap)
    share = (
        f"{settings.late_percent} % of the order's {order.total} {order.currency} as goodwill, "
        f"at most {settings.late_most} {settings.late_most_currency}"
    )
    if most is None:
        why = f"{share}; no current rate says what that is in {order.currency}."
        return Refund(amount=NOTHING, reason=why, doubt=why)
    amount = min(round_to(order.total * settings.late_percent / 100, order.currency), most.amount)
    by_rate = f" = {most.amount} {most.currency} ({most.source})" if most.source else ""
    return Refund(amount=amount, reason=f"{share}{by_rate}; {days} days since the order.")


def most_goodwill(order: Order, settings: Settings, cap: Cap | None) -> Cap | None:
    """The most goodwill in the order's currency, in its minor units; None if nobody knows."""
    if order.currency == settings.late_most_currency:
        cap = Cap(amount=settings.late_most, currency=order.currency)
    if cap is None or cap.currency != order.currency:
        return None
    return replace(cap, amount=round_to(cap.amount, order.currency, ROUND_DOWN))
