"""What the rules of one change read from its windows, and the series in words. Pure."""

from collections.abc import Callable, Collection
from decimal import Decimal
from fractions import Fraction

from apps.money.currency import written
from apps.policies.exchange import NoRate
from apps.policies.facts import Facts, percent, price
from apps.policies.measure import Market
from apps.policies.window_calls import COUNTS, DRIFTS, SHARE, fields_read
from apps.policies.windows import SPANS, Asked, Money, Sum, own_sum

WHOSE = {"target": "of this", "customer": "for this customer", "order": "of this order",
         "category": "in this category", "agent": "by this agent", "key": "by this key",
         "action": "of this kind", "workspace": "in this workspace"}  # fmt: skip
UNCOUNTED = "How much the shop has in its catalogue is not known. A person decides."
PARTS: dict[str, Callable[[Money], Decimal]] = {
    "amount": lambda money: money.amount,
    "alone_amount": lambda money: money.alone,
}


class Windows:
    """The windows of one change as a rule sees them; amounts in the currency of the limits.

    A window counts the actions the rule is about, all of them if it names none, and the change
    itself. Where no fresh rate leads to the currency, there is no `amount`, and no share of a
    catalogue whose size nobody knows: `why_not` says so.
    """

    def __init__(self, facts: Facts, *, currency: str, market: Market, max_age_days: int) -> None:
        self._facts, self._currency, self._market = facts, currency, market
        self._max_age_days = max_age_days
        self._actions: Collection[str] = ()
        self._read = frozenset((*COUNTS, *DRIFTS))
        self._told: dict[Asked, dict[str, float]] = {}
        self._missing: dict[str, str] = {}

    def turn(self, actions: Collection[str], when: str) -> None:
        """Count these actions from now on, and work out what this expression reads."""
        self._actions, self._told, self._missing = actions, {}, {}
        self._read = fields_read(when)

    def __call__(self, scope: str, span: str) -> dict[str, float]:
        """The facts of a window; worked out once, however often a rule asks."""
        if (scope, span) not in self._told:
            self._told[scope, span] = self.facts_of(scope, span)
        return self._told[scope, span]

    def facts_of(self, scope: str, span: str) -> dict[str, float]:
        """The facts of a window."""
        counted = self.counted(scope, span)
        found = {"changes": float(counted.changes), "alone": float(counted.alone)}
        for name in self._read.intersection(PARTS):
            try:
                found[name] = float(self.worth(counted, PARTS[name]))
            except NoRate as error:
                self._missing[name] = f"{error} A person decides."
        if SHARE in self._read:
            if self._facts.has_catalogue_size:
                found[SHARE] = self.share(counted)
            else:
                self._missing[SHARE] = UNCOUNTED
        if scope == "target" and not self._read.isdisjoint(DRIFTS):
            found |= self.drift(span)
        return found

    def why_not(self, error: Exception) -> str:
        """Why there is no fact of a window for want of which a rule failed; empty if it did not."""
        return self._missing.get(error.args[0], "") if isinstance(error, KeyError) else ""

    def share(self, counted: Sum) -> float:
        """What no person let through, in percent of all variants the shop has."""
        return percent(Decimal(counted.alone), Decimal(self._facts.catalogue_size))

    def counted(self, scope: str, span: str, actions: Collection[str] | None = None) -> Sum:
        """What counts in a window; only the change itself where the facts tell of none."""
        kept = self._facts.windows.get(scope, {}).get(span)
        if kept is None:
            return own_sum(self._facts)
        wanted = self._actions if actions is None else actions
        return Sum.read(
            *(question for name, question in kept.items() if not wanted or name in wanted)
        )

    def worth(self, counted: Sum, part: Callable[[Money], Decimal]) -> Fraction:
        """All amounts together in the currency of the limits, exactly. Raises `NoRate`."""
        whole = Fraction(0)
        for code, money in counted.money.items():
            amount = part(money)
            if not self._currency or code == self._currency or not amount:
                whole += Fraction(amount)
                continue
            rates = self._market.rates
            exchange = rates.exchange(code, self._currency, today=self._market.today,
                                      max_age_days=self._max_age_days)  # fmt: skip
            whole += exchange.exactly(amount)
        return whole

    def drift(self, span: str) -> dict[str, float]:
        """How far a price has gone in a window and on which way, in percent of its beginning."""
        if (way := self.way(span)) is None:
            return {"drift_percent": 0.0, "moved_percent": 0.0}
        start, money = way
        return {
            "drift_percent": percent(money.net, start),
            "moved_percent": percent(money.amount, start),
        }

    def way(self, span: str) -> tuple[Decimal, Money] | None:
        """The price at the beginning of a window and the moves since; None if it has no price.

        Only what moved it from here is known. Where that is more than the price, since somebody
        else has brought it down, the price now stands for the beginning.
        """
        money = self.counted("target", span, (self._facts.action,)).money.get(self._facts.currency)
        old = price(self._facts.before, self._facts.currency)
        new = price(self._facts.after, self._facts.currency)
        if money is None or not old or new is None:
            return None
        start = new - money.net
        return (start if start > 0 else old), money

    def series(self, asked: Collection[Asked]) -> str:
        """These windows in words: `3 moves of this in 24 h, 40.95 → 89.26 EUR, +118 %`."""
        spans = list(SPANS)
        ordered = sorted((pair for pair in asked if pair[1]), key=lambda pair: (pair[0] != "target",
                         pair[0], spans.index(pair[1])))  # fmt: skip
        return "; ".join(self.phrase(scope, span) for scope, span in ordered)

    def phrase(self, scope: str, span: str) -> str:
        """One window in words."""
        counted = self.counted(scope, span)
        way = self.way(span) if scope == "target" else None
        noun = "move" if way else "change"
        said = f"{counted.changes} {noun}{'s' * (counted.changes != 1)} {WHOSE[scope]} in "
        said += SPANS[span].words
        if way:
            (start, money), code = way, self._facts.currency
            gone = percent(money.net, start)
            end = start + money.net
            return f"{said}, {written(start, code)} → {written(end, code)} {code}, {gone:+.3g} %"
        if SHARE in self._read and self._facts.has_catalogue_size:
            said += f" ({self.share(counted):.3g} % of the catalogue alone)"
        sums = [f"{written(moved.amount, code)} {code}".strip()
                for code, moved in sorted(counted.money.items()) if moved.amount]  # fmt: skip
        return ", ".join([said, *sums])
