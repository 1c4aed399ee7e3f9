"""Amounts of a change in the currency of a policy's limits. Pure.

A limit in EUR says nothing of yen. It is compared with what the yen are worth in EUR, by a rate
with a day and a source; where there is no such rate it is not compared at all.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from apps.policies.exchange import MAX_AGE_DAYS, Exchange, NoRate, Rates
from apps.policies.facts import Facts

AGE_LIMIT = "rates_max_age_days"  # the limit by which a policy says it otherwise


@dataclass(frozen=True, kw_only=True)
class Market:
    """By what amounts in other currencies are compared: the rates a workspace keeps, and the day.

    `currency` is that of limits that name none; empty: those are compared with amounts as they are.
    """

    currency: str = ""
    rates: Rates = field(default_factory=lambda: Rates([]))
    today: date = date.min
    max_age_days: int = MAX_AGE_DAYS


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The amounts of a change beside limits in `currency`; None where no rate leads there.

    `differs`: the change is in another currency (`of`) than the limits.
    """

    of: str
    currency: str
    amount: float | None
    total_amount: float | None
    differs: bool = False
    exchange: Exchange | None = None
    missing: str = ""

    def why_not(self, uses: Collection[str]) -> str:
        """Why a rule that needs these words cannot be told; empty if it can."""
        if self.missing:
            return f"{self.missing} A person decides."
        if any(name not in ("__amount", "__total_amount") for name in uses):
            return (
                f"The rule compares an amount in {self.of}, as the shop has it, with limits in "
                f"{self.currency}: a person decides."
            )
        return ""

    def told(self) -> dict[str, Any]:
        """What a decision records of the comparison, as JSON values."""
        if self.exchange is None:
            return {}
        return {
            "currency": self.currency,
            "amount": self.amount,
            "total_amount": self.total_amount,
            "rates": str(self.exchange),
            "as_of": self.exchange.as_of.isoformat(),
        }


def measure(facts: Facts, named: str, limits: Mapping[str, Any], market: Market) -> Measured:
    """The amounts of a change in the currency of the limits: the `named` one, else the market's.

    From the decimals which the facts stand for, and exact until they are doubles again.
    """
    currency = named or market.currency
    of = facts.currency or (currency if not named else "")  # of a change that names none
    as_it_is = Measured(
        of=of, currency=currency, amount=facts.amount, total_amount=facts.total_amount
    )
    if not currency or not facts.has_amount or of == currency:
        return as_it_is
    try:
        exchange = market.rates.exchange(
            of, currency, today=market.today, max_age_days=age_in(limits, market.max_age_days)
        )
    except NoRate as error:
        return Measured(of=of, currency=currency, amount=None, total_amount=None, differs=True,
                        missing=str(error))  # fmt: skip
    return Measured(
        of=of,
        currency=currency,
        amount=float(exchange.exactly(Decimal(str(facts.amount)))),
        total_amount=float(exchange.exactly(Decimal(str(facts.total_amount)))),
        differs=True,
        exchange=exchange,
    )


def age_in(limits: Mapping[str, Any], otherwise: int) -> int:
    """How old a rate may be: as the limits say, else as the workspace does."""
    days = limits.get(AGE_LIMIT)
    return int(days) if isinstance(days, (int, float)) and days > 0 else otherwise
