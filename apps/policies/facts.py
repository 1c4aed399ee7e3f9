"""The closed vocabulary a rule may see. Pure.

Everything here is computed from the action and from what the back end answered; the only values
an agent supplies itself are `confidence` and the action's parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from apps.policies import mentions

MOST_DIGITS = 30  # before or behind the point: `1e999999999` is short to write, and no amount


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One change as a rule sees it. Amounts are in `currency`; percentages are in percent.

    A number that is not known is 0.0 and its `has_...` is False: a rule says which it needs.
    `scopes` says what the change is counted under in windows, and `windows` what these hold with
    it, as `windows.Sum` records it: {scope: {span: {action: sum}}}. Rules see it by `window()`.
    """

    action: str
    connector: str  # kind of connector, e.g. medusa
    risk: str  # low, medium, high
    reversibility: str  # reversible, compensable, final
    actor: str = ""  # who proposes, as the log names it: `user:<id>`, `key:<prefix>`, an agent
    agent: str = ""  # name, of one that runs elsewhere with " (outside)"; empty: none proposes
    key: str = ""  # the prefix of the API key it came with
    playbook: str = ""
    trigger: str = ""  # schedule, event, person, api; undo, saga: setting back what was done
    confidence: float = 1.0  # 0..1, the proposer's own
    hour: int = 0  # of the day, UTC
    currency: str = ""
    amount: float = 0.0
    has_amount: bool = False
    total_amount: float = 0.0  # what all changes of the proposal give back together
    change_percent: float = 0.0  # after against before; negative is down
    has_change: bool = False
    margin_percent: float = 0.0  # (after - cost) / after
    has_margin: bool = False  # the cost is known, and in this currency
    approved_change_percent: float = 0.0  # after against the last price a person approved
    has_approved: bool = False
    customer_orders: int = 0  # that the customer had paid for before this one, in the shop
    has_customer_orders: bool = False
    catalogue_size: int = 0  # variants in the shop, counted now and then
    has_catalogue_size: bool = False
    returned: bool = False  # the proposal came back because the shop had changed
    stale_read: bool = False  # planned from a kept answer of a back end that did not answer
    # kinds of text in the proposal that work on who decides: instruction, approved, authority,
    # secrecy, urgency, address, hidden
    pressure: Sequence[str] = field(default_factory=list)
    links: Sequence[str] = field(default_factory=list)  # hosts that links in its texts lead to
    addresses: int = 0  # different e-mail addresses in its texts, beside whom it goes to
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    scopes: Mapping[str, str] = field(default_factory=dict)
    windows: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Facts":
        """The facts a decision has kept; what else it keeps with them is left out."""
        return cls(**{name: value for name, value in record.items() if name in FIELDS})

    def variables(self) -> dict[str, Any]:
        """The facts as CEL variables."""
        return {name: value for name, value in vars(self).items() if name not in UNSEEN}

    def record(self) -> dict[str, Any]:
        """The facts as a decision keeps them."""
        return self.variables() | ({"windows": self.windows} if self.windows else {})


FIELDS = frozenset(Facts.__dataclass_fields__)
UNSEEN = frozenset({"scopes", "windows"})
VOCABULARY = FIELDS - UNSEEN | {"limits"}


@dataclass(frozen=True, kw_only=True)
class Money:
    """What is at stake in one change; `amount` None means the action moves no money."""

    amount: Decimal | None = None
    currency: str = ""


def money_moved(
    params: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> Money:
    """The money an action moves: its own amount, else what it makes the shop give back or owe."""
    amount = number(params.get("amount"))
    for total in ("refunded", "returned_total"):
        if amount is None:
            given, will_be = number(before.get(total)), number(after.get(total))
            amount = None if given is None or will_be is None else will_be - given
    if amount is None:
        return Money()
    return Money(amount=amount, currency=str(params.get("currency") or after.get("currency") or ""))


def facts_of(
    *,
    action: str,
    params: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    total_amount: float | None = None,
    **context: Any,
) -> Facts:
    """Facts of one change. `context` are the fields of `Facts` which are not computed here.

    Without a `total_amount` the change is judged as the only one of its proposal.
    """
    money = money_moved(params, before, after)
    amount = float(money.amount or 0)
    old, new = price(before, money.currency), price(after, money.currency)
    cost = number(before.get("cost")) if before.get("cost_currency") == money.currency else None
    return Facts(
        action=action,
        params=params,
        before=before,
        after=after,
        currency=money.currency,
        amount=amount,
        has_amount=money.amount is not None,
        total_amount=amount if total_amount is None else total_amount,
        change_percent=percent(new - old, old) if old and new is not None else 0.0,
        has_change=bool(old) and new is not None,
        margin_percent=percent(new - cost, new) if new and cost is not None else 0.0,
        has_margin=bool(new) and cost is not None,
        links=mentions.links(params),
        addresses=mentions.addresses(params),
        **context,
    )


def price(state: Mapping[str, Any], currency: str) -> Decimal | None:
    """The price in a currency of a target's state; None where it has none."""
    prices = state.get("prices")
    return number(prices.get(currency)) if isinstance(prices, Mapping) else None


def percent(part: Decimal, whole: Decimal) -> float:
    """`part` of `whole` in percent: the double nearest to the exact ratio, never a rounded figure.

    That double stands to a limit as the ratio does. Going to the nearest double keeps order, so
    a ratio above a limit is never below it; and one that is not the limit does not fall on it:
    with a whole of `n` digits and a limit of `k` decimals the two are at least 10^-(n+k) apart,
    for amounts of 12 digits and one decimal 1e-13, and doubles below 128 are 1.5e-14 apart at
    most. With two decimals that holds for 11 digits; beyond, the two may count as equal.
    """
    return float(Fraction(part) * 100 / Fraction(whole))


def number(value: object) -> Decimal | None:
    """A decimal from a JSON value; None where it is not a number, or one no amount can have."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= MOST_DIGITS else None
