"""What was before, as pictures and words: prices, stock, an order's money, a customer, a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.timezone import localtime

from apps.console import reader
from apps.console.presenters import svg_charts
from apps.console.presenters.proposals import amount_of
from apps.console.presenters.svg_charts import Mark, Picture
from apps.console.presenters.values import decimal, money
from apps.gateway.catalogue.action_spec import Measure
from apps.policies.facts import price
from apps.proposals.batch_rules import far
from apps.proposals.evidence import quoted_prices
from apps.proposals.models import OPEN_STATES, Proposal, State
from apps.proposals.queries import ChangeView
from apps.proposals.reading.history import Past, about
from apps.proposals.reading.precedents import Sibling, Size, size_of

ENOUGH = 4  # proposals of a run that make a distribution


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Where a proposal lies among those of its run; `outliers` are named with their size."""

    picture: Picture
    words: str
    outliers: list[tuple[UUID, str, str]]


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Others about the same thing: those still open, and those settled before (`summary`)."""

    open: list[Proposal]
    earlier: list[tuple[Proposal, str]]
    subject: str
    summary: str


def pictures_of(view: ChangeView, past: Sequence[Past], evidence: object) -> list[Picture]:
    """The pictures that belong to a change; none where there is nothing to compare."""
    if view.spec.measure == Measure.PRICE:
        found = prices(view, past, evidence)
    elif view.spec.measure == Measure.QUANTITY:
        found = [stock(view)]
    elif view.spec.gives_money:
        found = [order_money(view)]
    else:
        found = []
    return [picture for picture in found if picture is not None]


def prices(view: ChangeView, past: Sequence[Past], evidence: object) -> list[Picture | None]:
    """Cost, ours and the competitor's on one line; and how ours went if it moved before."""
    change, currency = view.change, str(view.change.params.get("currency") or "")
    now, proposed = price(change.before, currency), price(change.after, currency)
    ours = marks(("Now", now, "now"), ("Proposed", proposed, "proposed"), currency=currency)
    rival = competitor(evidence, currency)
    cost = decimal(change.before.get("cost"))
    if change.before.get("cost_currency") != currency:
        cost = None
    others = [*marks(("Cost", cost, "cost"), currency=currency), *([rival] if rival else [])]
    return [
        svg_charts.scale("Where the price lies", ours, others),
        svg_charts.sparkline("How the price went", [*course(past, currency), *ours], rival),
    ]


def course(past: Sequence[Past], currency: str) -> list[Mark]:
    """The price before each earlier change that happened, with the day it ended."""
    found = []
    for past_order in past:
        earlier = price(past_order.before, currency)
        if earlier is not None:
            day = f"{localtime(past_order.at):%-d %b, %H:%M}"
            found.append(Mark(label=f"Until {day}", value=earlier, words=money(earlier, currency),
                              tone="past"))  # fmt: skip
    return found


def marks(*numbers: tuple[str, Decimal | None, str], currency: str) -> list[Mark]:
    """Amounts as marks; those nobody knows are left out."""
    return [
        Mark(label=label, value=value, words=money(value, currency), tone=tone)
        for label, value, tone in numbers
        if value is not None
    ]


def competitor(evidence: object, currency: str) -> Mark | None:
    """What the first competitor asks in this currency, as the evidence says it in its fields."""
    for quote in quoted_prices(evidence):
        if quote.currency == currency:
            return Mark(label=quote.source, value=quote.value, words=money(quote.value, currency),
                        tone="rival")  # fmt: skip
    return None


def stock(view: ChangeView) -> Picture | None:
    """How full the shelf is and would be, against the larger of the two."""
    before, after = (
        decimal(state.get("quantity")) for state in (view.change.before, view.change.after)
    )
    if before is None or after is None:
        return None
    step = after - before
    parts = [
        Mark(label="Stays", value=min(before, after), words=reader.number(min(before, after)),
             tone="now"),
        Mark(label="Comes" if step > 0 else "Goes", value=abs(step), words=reader.number(abs(step)),
             tone="proposed" if step > 0 else "gone"),
    ]  # fmt: skip
    title = f"Stock: {before} now, {after} proposed"
    return svg_charts.level(title, parts, max(before, after))


def order_money(view: ChangeView) -> Picture | None:
    """What of an order's payment has gone back, goes now, and stays."""
    before, after = view.change.before, view.change.after
    captured, was = decimal(before.get("captured")), decimal(before.get("refunded"))
    will_be = decimal(after.get("refunded"))
    if captured is None or was is None or will_be is None:
        return None
    currency = str(before.get("currency") or "")
    parts = marks(
        ("Given back before", was, "past"), ("This refund", will_be - was, "proposed"),
        ("Stays with us", max(captured - will_be, Decimal(0)), "rest"), currency=currency,
    )  # fmt: skip
    return svg_charts.level(f"Of {money(captured, currency)} paid", parts, captured)


def distribution(
    siblings: Sequence[Sibling], proposal: Proposal, facts: Mapping[str, Any]
) -> Distribution | None:
    """Where it lies among the proposals of its run; None among too few to tell."""
    own = size_of(facts)
    like = [
        sibling
        for sibling in siblings
        if own and sibling.size and sibling.size.is_percent == own.is_percent
    ]
    if own is None or len(like) < ENOUGH:
        return None
    values = {sibling.proposal_id: sibling.size.value for sibling in like if sibling.size}
    odd = set(far(values))
    spread = [
        Mark(label=sibling.title, value=Decimal(str(values[sibling.proposal_id])),
             words=sized(sibling.size, proposal.currency),
             tone=tone_of(sibling, sibling.proposal_id in odd, proposal))
        for sibling in like
    ]  # fmt: skip
    rank = sum(value < own.value for value in values.values()) + 1
    low, high = (
        sized(replace(own, value=end), proposal.currency)
        for end in (min(values.values()), max(values.values()))
    )
    words = (
        f"{sized(own, proposal.currency)} is number {rank} of {len(like)} from the lowest; "
        f"they go from {low} to {high}."
    )
    return Distribution(
        picture=svg_charts.strip("Among the proposals of this run", spread, words),
        words=words,
        outliers=[
            (sibling.proposal_id, sibling.title, sized(sibling.size, proposal.currency))
            for sibling in like
            if sibling.proposal_id in odd
        ],
    )


def tone_of(sibling: Sibling, is_far: bool, proposal: Proposal) -> str:
    """How a proposal is drawn among the others."""
    if sibling.proposal_id == proposal.pk:
        return "own"
    return "outlier" if is_far else "other"


def sized(size: Size | None, currency: str) -> str:
    """A size in words; empty where nobody knows it."""
    if size is None:
        return ""
    if size.is_percent:
        return reader.percent(size.value, signed=True)
    return money(size.value, currency)


def neighbours(proposal: Proposal, others: Sequence[Proposal]) -> Neighbours:
    """Others about the same customer, article or record, told apart by whether they are open."""
    settled = [other for other in others if other.state not in OPEN_STATES]
    kind, _, name = about(proposal).partition(":")
    is_customer = kind == "customer"
    paid = [
        earlier for earlier in settled if earlier.state == State.DONE and earlier.amount is not None
    ]
    given: dict[str, Decimal] = {}
    for done in paid if is_customer else ():
        given[done.currency] = given.get(done.currency, Decimal(0)) + (done.amount or Decimal(0))
    return Neighbours(
        open=[other for other in others if other.state in OPEN_STATES],
        earlier=[(earlier, amount_of(earlier)) for earlier in settled],
        subject=f"customer {name}" if is_customer else name or "record",
        summary=", ".join(money(amount, currency) for currency, amount in given.items()),
    )
