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
class Stake:
    """What one change, or several of a kind together, moves; `amount` None: no money."""

    action: str
    amount: Decimal | None
    currency: str
    gives_money: bool


def stake_of(change: Change) -> Stake:
    """The money one change moves."""
    money = facts.stake(change.params, change.before, change.after)
    return Stake(
        action=change.action,
        amount=money.amount,
        currency=money.currency,
        gives_money=catalogue.spec(change.action).gives_money,
    )


def add_up(stakes: Iterable[Stake]) -> list[Stake]:
    """Stakes that give money away, summed by action and currency; the others one by one.

    A price is not money that leaves: two prices of 20 are not 40.
    """
    sums: dict[tuple[str, str], Decimal] = {}
    others = []
    for stake in stakes:
        if stake.gives_money and stake.amount is not None:
            key = (stake.action, stake.currency)
            sums[key] = sums.get(key, Decimal(0)) + stake.amount
        else:
            others.append(stake)
    added = [
        Stake(action=action, amount=amount, currency=currency, gives_money=True)
        for (action, currency), amount in sums.items()
    ]
    return added + others


def given_away(stakes: Iterable[Stake], currency: str) -> Decimal:
    """All that is given away in a currency, whatever the action."""
    return sum(
        (s.amount for s in stakes if s.gives_money and s.amount and s.currency == currency),
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


def largest(stakes: Iterable[Stake]) -> Stake | None:
    """The stake shown for the whole proposal; None when no money moves."""
    moving = [stake for stake in add_up(stakes) if stake.amount is not None]
    return max(moving, key=lambda stake: stake.amount or Decimal(0), default=None)
