"""Facts over time: what was let through in a window, in partial sums. Pure.

A change that is let through is counted in each scope the rules ask about (its target, its customer,
the agent ...), in a bucket of time for each span. A window adds up the buckets it touches, its
oldest one whole: at most 31 of them, and never less than what truly happened.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.policies.facts import Facts, price

ZERO = Decimal(0)
SCOPES = ("target", "customer", "order", "category", "agent", "key", "action", "workspace")


@dataclass(frozen=True)
class Span:
    """How long a window is and its buckets are, in seconds, and its words."""

    seconds: int
    bucket: int
    words: str

    def number(self, at: datetime) -> int:
        """The bucket a moment falls into."""
        return int(at.timestamp()) // self.bucket

    def bucket_name(self, span: str, at: datetime) -> str:
        """The name of that bucket in a tally; `span` is the name of this."""
        return f"{span}:{self.number(at)}"

    def oldest(self, now: datetime) -> int:
        """The oldest bucket a window that ends now touches."""
        return (int(now.timestamp()) - self.seconds) // self.bucket


MINUTE, HOUR, DAY = 60, 3600, 86400
SPANS = {
    "15m": Span(15 * MINUTE, MINUTE, "15 min"),
    "1h": Span(HOUR, 5 * MINUTE, "1 h"),
    "24h": Span(DAY, HOUR, "24 h"),
    "7d": Span(7 * DAY, 6 * HOUR, "7 days"),
    "30d": Span(30 * DAY, DAY, "30 days"),
    "ever": Span(10**9, 10**10, "total"),  # 32 years; its one bucket ends in 2286
}
Asked = tuple[str, str]  # (scope, span)


@dataclass(frozen=True)
class Money:
    """Money moved in one currency: the sum of the steps, and where they lead together.

    `alone` is the part of the sum that no person let through.
    """

    amount: Decimal = ZERO
    net: Decimal = ZERO
    alone: Decimal = ZERO

    def plus(self, other: "Money", sign: int = 1) -> "Money":
        """Both together; with a sign of -1 this without the other."""
        return Money(self.amount + sign * other.amount, self.net + sign * other.net,
                     self.alone + sign * other.alone)  # fmt: skip


@dataclass(frozen=True)
class Sum:
    """How many changes, and the money they move by currency. `alone`: no person let it through."""

    changes: int = 0
    alone: int = 0
    money: Mapping[str, Money] = field(default_factory=dict)

    def plus(self, other: "Sum", sign: int = 1) -> "Sum":
        """Both together; with a sign of -1 this without the other."""
        money = dict(self.money)
        for currency, more in other.money.items():
            money[currency] = money.get(currency, Money()).plus(more, sign)
        return Sum(self.changes + sign * other.changes, self.alone + sign * other.alone, money)

    def by_person(self) -> "Sum":
        """The same, let through by people."""
        money = {code: replace(one, alone=ZERO) for code, one in self.money.items()}
        return Sum(self.changes, 0, money)

    def made_up(self) -> "Sum":
        """What is given back of it once it is undone: the money moved, and nothing else.

        There and back are two moves: else a step and its undo could be repeated without end. And
        the undo leads back from where the price is by then.
        """
        money = {code: replace(one, net=ZERO) for code, one in self.money.items()}
        return Sum(0, 0, money)

    @property
    def is_nothing(self) -> bool:
        """Whether no rule could see it."""
        return not self.changes and not any(one.amount or one.net for one in self.money.values())

    def record(self) -> dict[str, Any]:
        """As JSON values; `read` takes them back."""
        money = {code: [str(one.amount), str(one.net), str(one.alone)]
                 for code, one in self.money.items()}  # fmt: skip
        return {"changes": self.changes, "alone": self.alone, "money": money}

    @classmethod
    def read(cls, *records: Mapping[str, Any]) -> "Sum":
        """The sum that `record` told; of several, all of them together."""
        changes = alone = 0
        money: dict[str, list[Decimal]] = {}
        for record in records:
            changes += record["changes"]
            alone += record["alone"]
            for code, (amount, net, unseen) in record["money"].items():
                kept = money.setdefault(code, [ZERO, ZERO, ZERO])
                kept[0] += Decimal(amount)
                kept[1] += Decimal(net)
                kept[2] += Decimal(unseen)
        return cls(changes, alone, {code: Money(*three) for code, three in money.items()})


def currencies(windows: Mapping[str, Any]) -> set[str]:
    """The currencies of all that the windows of a change hold (`Facts.windows`)."""
    return {code for spans in windows.values() for by_action in spans.values()
            for one in by_action.values() for code in one["money"]}  # fmt: skip


def own_sum(facts: Facts) -> Sum:
    """What one change counts for alone: the step of a price, else the amount it moves."""
    new, old = price(facts.after, facts.currency), price(facts.before, facts.currency)
    if new is not None and old is not None:
        step = abs(new - old)
        return Sum(1, 1, {facts.currency: Money(step, new - old, step)})
    if not facts.has_amount:
        return Sum(1, 1)
    amount = abs(Decimal(str(facts.amount)))
    return Sum(1, 1, {facts.currency: Money(amount, ZERO, amount)})


def key_of(facts: Facts, scope: str) -> str:
    """Under which key a change is counted in a scope; those that name none are counted as one.

    A hash, since a key may be a person's address.
    """
    own = {"action": facts.action, "workspace": ""}
    named = own.get(scope, facts.scopes.get(scope, ""))
    return hashlib.sha256(named.encode()).hexdigest()[:32]


class Tally:
    """What was counted under one key of a scope: {bucket: {action: sum}}, as `Sum.record` has it.

    A bucket is named `24h:493021`, its span and its number. Sums are taken apart only where they
    are asked for or counted in. `approved` is the price of the target a person approved last, by
    currency, with whose change that was: {currency: {price, subject}}.
    """

    def __init__(
        self, sums: Mapping[str, Any] | None = None, approved: Mapping[str, Any] | None = None
    ) -> None:
        self._sums: dict[str, dict[str, Any]] = dict(sums or {})
        self._moved: set[str] = set()
        self.approved = dict(approved or {})

    def record(self) -> dict[str, Any]:
        """The sums as JSON values."""
        return dict(self._sums)

    def currencies(self) -> set[str]:
        """The currencies of what is counted."""
        return {code for by_action in self._sums.values() for one in by_action.values()
                for code in one["money"]}  # fmt: skip

    def add(self, own: Sum, *, action: str, at: datetime, spans: Collection[str]) -> None:
        """Count a change."""
        for span in spans:
            name = SPANS[span].bucket_name(span, at)
            kept = self._sums.get(name, {}).get(action)
            self._put(name, action, own if kept is None else Sum.read(kept).plus(own))

    def take(self, own: Sum, *, action: str, at: datetime, spans: Collection[str]) -> None:
        """Give a change back to the bucket it was counted in, if a window can still see that."""
        for span in spans:
            name = SPANS[span].bucket_name(span, at)
            kept = self._sums.get(name, {}).get(action)
            if kept is not None:
                self._put(name, action, Sum.read(kept).plus(own, -1))

    def _put(self, name: str, action: str, own: Sum) -> None:
        """Have a bucket hold this sum of an action, or nothing of it."""
        others = {one: kept for one, kept in self._sums.get(name, {}).items() if one != action}
        self._sums[name] = others if own.is_nothing else others | {action: own.record()}
        self._moved.add(name)

    def forget(self, now: datetime) -> tuple[dict[str, Any], list[str]]:
        """Drop the buckets that no window touches any more, and those that came to nothing.

        Returns what has changed in the others since they were read, and the names of these.
        """
        oldest = {name: span.oldest(now) for name, span in SPANS.items()}
        over = []
        for name, by_action in self._sums.items():
            span, _, number = name.partition(":")
            if not by_action or int(number) < oldest[span]:
                over.append(name)
        for name in over:
            del self._sums[name]
        return {name: self._sums[name] for name in self._moved if name in self._sums}, over

    def within(self, span: str, now: datetime) -> dict[str, Sum]:
        """What counts in the window that ends now, by action."""
        oldest, found = SPANS[span].oldest(now), dict[str, list[Mapping[str, Any]]]()
        for name, by_action in self._sums.items():
            of, _, number = name.partition(":")
            if of == span and int(number) >= oldest:
                for action, one in by_action.items():
                    found.setdefault(action, []).append(one)
        return {action: Sum.read(*sums) for action, sums in found.items()}
