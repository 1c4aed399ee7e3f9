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
from types import MappingProxyType
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
Record = Mapping[str, Any]  # a sum as `Sum.record` has it
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Money:
    """Money moved in one currency: the sum of the steps, and where they lead together.

    `alone` is the part of the sum that no person let through.
    """

    amount: Decimal = ZERO
    net: Decimal = ZERO
    alone: Decimal = ZERO


@dataclass(frozen=True)
class Sum:
    """How many changes, and the money they move by currency. `alone`: no person let it through."""

    changes: int = 0
    alone: int = 0
    money: Mapping[str, Money] = field(default_factory=dict)

    def by_person(self) -> "Sum":
        """The same, let through by people."""
        money = {code: replace(moved, alone=ZERO) for code, moved in self.money.items()}
        return Sum(self.changes, 0, money)

    def made_up(self) -> "Sum":
        """What is given back of it once it is undone: the money moved, and nothing else.

        There and back are two moves: else a step and its undo could be repeated without end. And
        the undo leads back from where the price is by then.
        """
        money = {code: replace(moved, net=ZERO) for code, moved in self.money.items()}
        return Sum(0, 0, money)

    def record(self) -> dict[str, Any]:
        """As JSON values; `read` takes them back."""
        money = {code: [str(moved.amount), str(moved.net), str(moved.alone)]
                 for code, moved in self.money.items()}  # fmt: skip
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
            for sums in by_action.values() for code in sums["money"]}  # fmt: skip


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

    A bucket is named `24h:493021`, its span and its number. The bucket of now is kept apart, with
    what its window holds: {span: {number, bucket: {action: sum}, sum: {action: sum}}}. As long as
    it is open, that alone is read and written (`sums` None); the other buckets are needed once it
    is over, and to give back what was counted in one of them.

    `approved` is the price of the target a person approved last, by currency, with whose change
    that was: {currency: {price, subject}}.
    """

    def __init__(
        self,
        sums: Mapping[str, Any] | None = NOTHING,
        *,
        running: Mapping[str, Any] = NOTHING,
        approved: Mapping[str, Any] = NOTHING,
    ) -> None:
        self._sums = None if sums is None else dict(sums)
        self._running: dict[str, dict[str, Any]] = dict(running)
        self._touched: set[str] = set()
        self.approved = dict(approved)

    def record(self) -> dict[str, Any]:
        """All buckets as JSON values, the open ones among them."""
        open_now = {bucket_name(span, totals["number"]): totals["bucket"]
                    for span, totals in self._running.items() if totals["bucket"]}  # fmt: skip
        return self._closed | open_now

    def currencies(self) -> set[str]:
        """The currencies of what the windows hold that were opened."""
        return {code for totals in self._running.values() for kept in totals["sum"].values()
                for code in kept["money"]}  # fmt: skip

    def within(self, span: str, now: datetime) -> dict[str, Record]:
        """What counts in the window that ends now, by action."""
        found: dict[str, Record] = self._opened(span, now)["sum"]
        return found

    def add(self, own: Record, *, action: str, at: datetime, spans: Collection[str]) -> None:
        """Count a change."""
        for span in spans:
            self._move(span, self._opened(span, at), action, own, 1)

    def take(self, own: Record, *, action: str, at: datetime, spans: Collection[str]) -> None:
        """Give a change back to the bucket it was counted in, if a window can still see that."""
        for span in spans:
            number = SPANS[span].number(at)
            kept = self._running.get(span)
            if kept is not None and kept["number"] == number:
                if action in kept["bucket"]:
                    self._move(span, kept, action, own, -1)
                continue
            self._close(span)
            name = bucket_name(span, number)
            if action in (bucket := self._closed.get(name, {})):
                self._closed[name] = moved(bucket, action, own, -1)
                self._touched.add(name)

    def _move(
        self, span: str, kept: Mapping[str, Any], action: str, own: Record, sign: int
    ) -> None:
        """Count a change in the open bucket and in what the window holds, or take it out."""
        self._running[span] = {
            "number": kept["number"],
            "bucket": moved(kept["bucket"], action, own, sign),
            "sum": moved(kept["sum"], action, own, sign),
        }

    @property
    def _closed(self) -> dict[str, dict[str, Record]]:
        """The buckets but those that are open. Raises `RuntimeError` where they were not read."""
        if self._sums is None:
            raise RuntimeError("The buckets of this tally were not read.")
        return self._sums

    def _opened(self, span: str, at: datetime) -> dict[str, Any]:
        """The bucket of a moment with what the window that ends in it holds, added up anew."""
        number = SPANS[span].number(at)
        kept = self._running.get(span)
        if kept is None or kept["number"] != number:
            self._close(span)
            oldest, found = SPANS[span].oldest(at), dict[str, list[Record]]()
            for name, by_action in self._closed.items():
                of, _, place = name.partition(":")
                if of == span and int(place) >= oldest:
                    for action, counts in by_action.items():
                        found.setdefault(action, []).append(counts)
            name = bucket_name(span, number)
            self._touched.add(name)
            kept = self._running[span] = {
                "number": number,
                "bucket": self._closed.pop(name, {}),
                "sum": {action: Sum.read(*sums).record() for action, sums in found.items()},
            }
        return kept

    def _close(self, span: str) -> None:
        """Lay the open bucket of a span to the others; what its window holds is not known then."""
        if (kept := self._running.pop(span, None)) is not None:
            name = bucket_name(span, kept["number"])
            self._closed[name] = kept["bucket"]
            self._touched.add(name)

    def forget(self, now: datetime) -> None:
        """Drop the buckets that no window touches any more, and those that came to nothing."""
        oldest = {name: span.oldest(now) for name, span in SPANS.items()}
        for span, totals in list(self._running.items()):
            if totals["number"] < oldest[span]:
                self._close(span)
        for name, by_action in list(self._closed.items()):
            span, _, number = name.partition(":")
            if not by_action or int(number) < oldest[span]:
                del self._closed[name]
                self._touched.add(name)

    def changed(self, now: datetime) -> dict[str, Any]:
        """What is to be written: all that is open, and of the other buckets `moved` and `over`."""
        found: dict[str, Any] = {"running": self._running, "approved": self.approved}
        if self._sums is not None:
            self.forget(now)
            found["moved"] = {name: self._sums[name] for name in self._touched & self._sums.keys()}
            found["over"] = list(self._touched - self._sums.keys())
        return found


def bucket_name(span: str, number: int) -> str:
    """The name of a bucket in a tally."""
    return f"{span}:{number}"


def moved(
    by_action: Mapping[str, Record], action: str, own: Record, sign: int
) -> dict[str, Record]:
    """The sums by action with one more change of an action, or with one less."""
    changed = dict(by_action)
    if (values := together(changed.pop(action, None), own, sign)) is not None:
        changed[action] = values
    return changed


def together(kept: Record | None, own: Record, sign: int) -> Record | None:
    """A recorded sum with another one, or without it; None where no rule could see the rest."""
    money = dict(kept["money"]) if kept else {}
    for code, more in own["money"].items():
        had = money.get(code, ("0", "0", "0"))
        money[code] = [str(Decimal(mine) + sign * Decimal(other))
                       for mine, other in zip(had, more, strict=True)]  # fmt: skip
    changes = (kept["changes"] if kept else 0) + sign * own["changes"]
    alone = (kept["alone"] if kept else 0) + sign * own["alone"]
    if not changes and not any(
        Decimal(amount) or Decimal(net) for amount, net, _ in money.values()
    ):
        return None
    return {"changes": changes, "alone": alone, "money": money}
