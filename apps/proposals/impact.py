"""How much money a proposal moves, added up so that splitting it changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.gateway import catalogue
from apps.policies import facts
from apps.proposals.models import Change
from apps.proposals.text.titles import Move


@dataclass(frozen=True, kw_only=True)
class Impact:
    """What one change, or several of a kind together, moves; `amount` None: no money."""

    action: str
    amount: Decimal | None
    currency: str
    gives_money: bool


def impact_of(change: Change) -> Impact:
    """The money one change moves."""
    money = facts.money_moved(change.params, change.before, change.after)
    return Impact(
        action=change.action,
        amount=money.amount,
        currency=money.currency,
        gives_money=catalogue.spec(change.action).gives_money,
    )


def add_up(impacts: Iterable[Impact]) -> list[Impact]:
    """Impacts that give money away, summed by action and currency; the others one by one.

    A price is not money that leaves: two prices of 20 are not 40.
    """
    sums: dict[tuple[str, str], Decimal] = {}
    others = []
    for impact in impacts:
        if impact.gives_money and impact.amount is not None:
            key = (impact.action, impact.currency)
            sums[key] = sums.get(key, Decimal(0)) + impact.amount
        else:
            others.append(impact)
    added = [
        Impact(action=action, amount=amount, currency=currency, gives_money=True)
        for (action, currency), amount in sums.items()
    ]
    return added + others


def given_away(impacts: Iterable[Impact], currency: str) -> Decimal:
    """All that is given away in a currency, whatever the action."""
    return sum(
        (s.amount for s in impacts if s.gives_money and s.amount and s.currency == currency),
        Decimal(0),
    )


def price_moves(changes: Iterable[Change], was: Mapping[UUID, Mapping[str, Any]]) -> list[Move]:
    """How the price of each change moves now; `was` is what it led to before, by its id."""
    found = []
    for change in changes:
        currency = str(change.params.get("currency") or "")
        start = facts.price(change.before, currency)
        old, new = facts.price(was[change.pk], currency), facts.price(change.after, currency)
        if start and old is not None and new is not None and old != new:
            found.append(Move((old - start) * 100 / start, (new - start) * 100 / start))
    return found


def largest(impacts: Iterable[Impact]) -> Impact | None:
    """The impact shown for the whole proposal; None when no money moves."""
    moving = [impact for impact in add_up(impacts) if impact.amount is not None]
    return max(moving, key=lambda impact: impact.amount or Decimal(0), default=None)
