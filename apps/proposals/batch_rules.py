"""What may be approved together: the same kind, low risk, bounded, nothing that stands out. Pure.

Standing out is robust: measured from the median in median absolute deviations, so that a few odd
ones do not hide each other as they would with means.
"""

import hashlib
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.money.currency import is_currency, step, written

MOST = 50  # proposals at once
CEILING = Decimal(1_000)  # of all amounts together, in the currency the workspace counts in
SAMPLED = 10  # of each so many, one is opened before all are approved
LEAST_SAMPLED = 2
FEWEST = 5  # below that, nothing can be said to stand out
FAR = 3.5  # deviations from the median (Iglewicz and Hoaglin)
SLACK = 0.05  # of the median: where nearly all are alike, so much is no difference
UNSURE = 0.1  # confidence so far below the median is doubt


@dataclass(frozen=True, kw_only=True)
class Item:
    """One proposal as far as it matters here.

    `actions` and `rules` (each of one policy version) are those of its changes, `fields` the
    parameters they set, `size` how many characters they write; `amount` None: no money; `doubts`
    are other reasons against it.
    """

    id: UUID
    title: str
    actions: frozenset[str]
    rules: frozenset[str]
    risk: str
    reviewers: int
    amount: Decimal | None = None
    currency: str = ""
    change_percent: float | None = None
    confidence: float = 1.0
    fields: frozenset[str] = frozenset()
    size: int = 0
    doubts: tuple[str, ...] = ()


Key = tuple[frozenset[str], frozenset[str], str]


def key_of(item: Item) -> Key:
    """What items have to have in common: the action, the rule that decided, the currency."""
    return item.actions, item.rules, item.currency


def sample(bindings: Mapping[UUID, str], *, person: UUID) -> list[UUID]:
    """Which of these a person has to open before they approve all of them: at least two.

    Drawn by lot, each on its binding: the same as long as it stays what it is, whatever else is
    chosen with it, and others for another person.
    """
    lots = {
        pk: hashlib.sha256(f"{person}:{binding}".encode()).digest()
        for pk, binding in bindings.items()
    }
    count = max(LEAST_SAMPLED, -(-len(lots) // SAMPLED))
    return sorted(lots, key=lambda pk: lots[pk])[:count]


def outliers(items: Sequence[Item]) -> dict[UUID, list[str]]:
    """Which of these similar items stand out, each with the reasons in words."""
    found: dict[UUID, list[str]] = {item.id: list(item.doubts) for item in items}
    if len(items) >= FEWEST:
        for reasons in (odd_numbers(items), odd_fields(items), odd_confidence(items)):
            for item_id, reason in reasons:
                found[item_id].append(reason)
    return {item_id: reasons for item_id, reasons in found.items() if reasons}


def odd_numbers(items: Sequence[Item]) -> list[tuple[UUID, str]]:
    """Amounts, changes and lengths of text far from the others'."""
    measures: dict[str, Callable[[Item], float | None]] = {
        "it changes by {value:+.1f} %, the others by around {middle:+.1f} %": lambda i: (
            i.change_percent
        ),
        "it writes {value:,.0f} characters, the others around {middle:,.0f}": lambda i: (
            float(i.size) if i.size else None
        ),
    }
    found = odd_amounts(items)
    for words, measure in measures.items():
        values = {i.id: value for i in items if (value := measure(i)) is not None}
        middle = statistics.median(values.values()) if values else 0.0
        found += [
            (item_id, words.format(value=values[item_id], middle=middle)) for item_id in far(values)
        ]
    return found


def odd_amounts(items: Sequence[Item]) -> list[tuple[UUID, str]]:
    """Amounts far from the others', which are in the same currency."""
    values = {
        candidate.id: float(candidate.amount) for candidate in items if candidate.amount is not None
    }
    middle = Decimal(statistics.median(values.values())) if values else Decimal(0)
    named = {item.id: item for item in items}
    found = []
    for item_id in far(values):
        item = named[item_id]
        around = told(middle, item.currency)
        found.append((item_id, f"its amount is {told(item.amount or middle, item.currency)}, "
                               f"the others are around {around}"))  # fmt: skip
    return found


def told(amount: Decimal, currency: str) -> str:
    """An amount in words, computed ones to the digits of their currency."""
    exact = amount.quantize(step(currency)) if is_currency(currency) else amount
    return f"{written(exact, currency)} {currency}".rstrip()


def far(values: Mapping[UUID, float]) -> list[UUID]:
    """Those too many median absolute deviations away from the median."""
    if len(values) < FEWEST:
        return []
    middle = statistics.median(values.values())
    spread = 1.4826 * statistics.median(abs(value - middle) for value in values.values())
    bound = FAR * max(spread, SLACK * abs(middle))
    return [item_id for item_id, value in values.items() if abs(value - middle) > bound]


def odd_fields(items: Sequence[Item]) -> list[tuple[UUID, str]]:
    """What sets a field that less than a tenth of all set, or lacks one that the others set."""
    counts = Counter(name for item in items for name in item.fields)
    rare = {name for name, n in counts.items() if n <= max(1, len(items) // 10)}
    usual = {name for name, n in counts.items() if n >= len(items) - max(1, len(items) // 10)}
    found = []
    for item in items:
        if more := sorted(item.fields & rare):
            found.append((item.id, f"it sets {' and '.join(more)}, the others do not"))
        if less := sorted(usual - item.fields):
            found.append((item.id, f"it does not set {' and '.join(less)}, the others do"))
    return found


def odd_confidence(items: Sequence[Item]) -> list[tuple[UUID, str]]:
    """What its proposer is less sure of than of the others."""
    middle = statistics.median(item.confidence for item in items)
    return [
        (item.id, f"its confidence is {item.confidence:.0%}, the others' around {middle:.0%}")
        for item in items
        if item.confidence < middle - UNSURE
    ]


def objections(
    items: Sequence[Item], among: Sequence[Item], *, ceiling: Decimal | None = CEILING
) -> dict[UUID | None, list[str]]:
    """Why these cannot be approved together, by item (None: all of them); empty if they can.

    `among` are all similar ones that wait: what stands out among them stands out. `ceiling` is in
    the currency of the items; None: no exchange rate says how much it is there.
    """
    found: dict[UUID | None, list[str]] = {}
    for item in items:
        if reasons := unfit(item):
            found[item.id] = reasons
    everyone = {item.id: item for item in [*among, *items]}
    if together := objections_to_all(items, ceiling):
        found[None] = together
    else:
        odd = outliers(
            [candidate for candidate in everyone.values() if key_of(candidate) == key_of(items[0])]
        )
        for item in items:
            if item.id in odd:
                found.setdefault(item.id, []).extend(odd[item.id])
    return found


def unfit(item: Item) -> list[str]:
    """Why this one needs a look of its own."""
    reasons = []
    if item.risk != "low":
        reasons.append(f"it is {item.risk} risk; only low risk is approved together")
    if item.reviewers > 1:
        reasons.append(f"{item.reviewers} people have to approve it")
    if len(item.actions) > 1 or len(item.rules) > 1:
        reasons.append("it is a set of different changes")
    return reasons


def objections_to_all(items: Sequence[Item], ceiling: Decimal | None) -> list[str]:
    """Why these do not go together."""
    if not items:
        return ["nothing was chosen"]
    reasons = []
    if len(items) > MOST:
        reasons.append(f"these are {len(items)}; at most {MOST} are possible at once")
    if len({key_of(item) for item in items}) > 1:
        reasons.append("they differ in action, in the rule that asks for a person, or in currency")
    total = sum((item.amount for item in items if item.amount is not None), Decimal(0))
    currency = items[0].currency
    if total and ceiling is None:
        reasons.append(f"no fresh exchange rate says how much is possible in {currency}")
    elif ceiling is not None and total > ceiling:
        reasons.append(
            f"together they are about {told(total, currency)}; "
            f"at most {told(ceiling, currency)} is possible"
        )
    return reasons
