"""What is at stake, in business terms: one line of facts above everything else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.console import reader
from apps.console.presenters.proposals import ChangeCard, amount_of
from apps.console.presenters.values import decimal, dollars, money
from apps.policies.facts import price
from apps.proposals.models import Proposal
from apps.proposals.queries import ChangeView

WORST_FIRST = ("final", "compensable", "reversible")
UNDO_ICONS = {
    "final": "undo-final",
    "compensable": "undo-compensable",
    "reversible": "undo-reversible",
}
UNDO_WORDS = {
    "final": "Cannot be undone",
    "compensable": "Can be made up for",
    "reversible": "Can be undone",
}


@dataclass(frozen=True, kw_only=True)
class Impact:
    """One fact: an icon, what it is about, the fact, and a note."""

    icon: str
    label: str
    value: str
    note: str = ""
    tone: str = ""


def impacts(
    proposal: Proposal, views: Sequence[ChangeView], cards: Sequence[ChangeCard]
) -> list[Impact]:
    """The facts, the money first; what nobody knows is left out."""
    found = [
        money_moved(proposal, views),
        *margins(views),
        customers(views),
        reversal_of(cards),
        proposing_cost(proposal),
    ]
    return [impact for impact in found if impact is not None]


def money_moved(proposal: Proposal, views: Sequence[ChangeView]) -> Impact | None:
    """The money that leaves, or by how much a price moves; says so where no money moves."""
    gives = [view for view in views if view.spec.gives_money]
    if gives and proposal.amount is not None:
        note = of_order(gives[0].change.before, proposal.amount)
        return Impact(icon="money", label="Money that leaves", value=amount_of(proposal), note=note)
    for view in views:
        if (moved := price_move(view)) is not None:
            return moved
    if proposal.amount is not None:
        return Impact(icon="money", label="Money at stake", value=amount_of(proposal))
    return Impact(icon="money", label="Money", value="None moves")


def of_order(before: Mapping[str, Any], amount: Decimal) -> str:
    """Which part of the order it is; empty where the order's total is not known."""
    total = decimal(before.get("total"))
    if not total:
        return ""
    share = reader.percent(amount * 100 / total, 0)
    return f"{share} of an order of {money(total, before.get('currency', ''))}"


def price_move(view: ChangeView) -> Impact | None:
    """How far a price moves, for each piece sold."""
    change = view.change
    currency = str(change.params.get("currency") or "")
    old, new = price(change.before, currency), price(change.after, currency)
    if old is None or new is None:
        return None
    step = new - old
    sign = "+" if step > 0 else "−" if step < 0 else ""
    return Impact(
        icon="tag", label="Each piece sold", value=f"{sign}{money(abs(step), currency)}",
        note="earns that much more" if step > 0 else "earns that much less" if step < 0 else "",
    )  # fmt: skip


def margins(views: Sequence[ChangeView]) -> Iterator[Impact]:
    """The margin before and after, where the cost is known in the price's currency."""
    for view in views:
        before, after = margin(view, view.change.before), margin(view, view.change.after)
        if after is None:
            continue
        was = f"{percent(before)} → " if before is not None else ""
        tone = "bad" if after < 0 else "warn" if before is not None and after < before else ""
        yield Impact(icon="scale", label="Margin", value=f"{was}{percent(after)}", tone=tone,
                    note="of the price, before tax")  # fmt: skip


def percent(value: Decimal) -> str:
    """A percentage to one place, with a real minus."""
    return reader.percent(value)


def margin(view: ChangeView, state: Mapping[str, Any]) -> Decimal | None:
    """(price - cost) / price in percent; None where either is not known in this currency."""
    currency = str(view.change.params.get("currency") or "")
    cost = decimal(view.change.before.get("cost"))
    worth = price(state, currency)
    if not worth or cost is None or view.change.before.get("cost_currency") != currency:
        return None
    return (worth - cost) * 100 / worth


def customers(views: Sequence[ChangeView]) -> Impact | None:
    """Whom it touches: named customers, else everybody who meets the article."""
    named = {
        str(view.change.before.get(field) or "").casefold()
        for view in views
        for field in ("email", "to")
    } - {""}
    if named:
        words = "1 customer" if len(named) == 1 else f"{len(named)} customers"
        return Impact(
            icon="person", label="Touches", value=words, note=", ".join(sorted(named)[:3])
        )
    for view in views:
        if reach := view.spec.reach:
            return Impact(icon="person", label="Touches", value=reach.whom, note=reach.note)
    return None


def reversal_of(cards: Sequence[ChangeCard]) -> Impact | None:
    """The worst of the changes: a thing that cannot be undone is not undone by its neighbours."""
    kinds = {card.reversibility for card in cards}
    worst = next((kind for kind in WORST_FIRST if kind in kinds), None)
    if worst is None:
        return None
    tone = "bad" if worst == "final" else ""
    return Impact(icon=UNDO_ICONS[worst], label="Afterwards", value=UNDO_WORDS[worst], tone=tone)


def proposing_cost(proposal: Proposal) -> Impact | None:
    """What models were paid for it; rules cost nothing, and a person's own proposal is not told."""
    if proposal.cost:
        return Impact(icon="model", label="Cost to propose", value=dollars(proposal.cost),
                     note="paid for the model")  # fmt: skip
    if proposal.agent:
        return Impact(
            icon="model", label="Cost to propose", value=dollars(Decimal()), note="by rules alone"
        )
    return None
