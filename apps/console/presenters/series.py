"""A series a cap has stopped, as one picture, one sentence and a row for each step."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.timezone import localtime

from apps.console.presenters import svg_charts
from apps.console.presenters.proposals import TONES, amount_of
from apps.console.presenters.svg_charts import Mark, Picture
from apps.console.presenters.values import money
from apps.policies.window_facts import WHOSE
from apps.policies.windows import SPANS, Sum
from apps.proposals.models import Proposal, State
from apps.proposals.reading.series import Series, Step


@dataclass(frozen=True, kw_only=True)
class SeriesRow:
    """One step of a series; `is_own`: of the proposal it was opened from."""

    proposal: Proposal
    amount: str
    passed: str
    tone: str
    is_own: bool


@dataclass(frozen=True, kw_only=True)
class SeriesCard:
    """A series in full: `waiting` are the proposals one verdict is about."""

    rule: str
    words: str
    picture: Picture | None
    rows: list[SeriesRow]
    waiting: list[Proposal]
    has_more: bool


def card(series: Series, own: Proposal) -> SeriesCard:
    """The series a proposal is part of."""
    return SeriesCard(
        rule=series.rule,
        words=in_words(series),
        picture=svg_charts.sparkline("Step by step", course(series.steps, own.pk), None),
        rows=[row(step, own) for step in reversed(series.steps)],
        waiting=series.waiting,
        has_more=series.has_more,
    )


def in_words(series: Series) -> str:
    """`5 changes for this customer in 24 h: 3 let through, 2 wait. Together €45.00.`"""
    steps, waits = series.steps, sum(step.waits for step in series.steps)
    least = "At least " if series.has_more else ""
    said = f"{least}{len(steps)} change{'s' * (len(steps) != 1)} "
    said += f"{WHOSE[series.scope]} in {SPANS[series.span].words}: "
    said += f"{len(steps) - waits} let through, {waits} wait{'s' * (waits == 1)}."
    sums = Sum.read(*(step.member.sum.record() for step in steps)).money
    moved = [money(moved.amount, code) for code, moved in sorted(sums.items()) if moved.amount]
    noun = "Moved by" if any(step.member.price is not None for step in steps) else "Together"
    return f"{said} {noun} {' and '.join(moved)}." if moved else said


def course(steps: Sequence[Step], own: UUID) -> list[Mark]:
    """Where the series has led step by step: the price, or all amounts so far, or how many.

    Empty where its steps are in different currencies, which cannot be added up.
    """
    currencies = {shown_step.member.currency for shown_step in steps}
    if len(currencies) > 1 or not steps:
        return []
    [currency] = currencies
    level, found = start(steps[0], currency), list[Mark]()
    if level is not None:
        found.append(Mark(label="Before", value=level, words=money(level, currency), tone="past"))
    for number, step in enumerate(steps, 1):
        moved = step.member.sum.money.get(currency)
        if step.member.price is not None:
            level = step.member.price
        else:
            level = (level or Decimal(0)) + moved.amount if moved else Decimal(number)
        words = money(level, currency) if moved else str(number)
        found.append(Mark(label=moment(step), value=level, words=words, tone=tone(step, own)))
    return found


def start(first: Step, currency: str) -> Decimal | None:
    """Where a series began: its first price, or nothing given yet; None where it only counts."""
    moved = first.member.sum.money.get(currency)
    if moved is None:
        return None
    return Decimal(0) if first.member.price is None else first.member.price - moved.net


def moment(step: Step) -> str:
    """When a step was let through or asked for, in the reader's zone."""
    return f"{localtime(step.member.at):%-d %b, %H:%M}"


def tone(step: Step, own: UUID) -> str:
    """How a step is drawn: what has passed, what waits, the one looked at."""
    if step.proposal.pk == own:
        return "own"
    return "other" if step.waits else "past"


def row(step: Step, own: Proposal) -> SeriesRow:
    """A step in the table."""
    proposal = step.proposal
    passed = "by a person" if step.member.by_person else "by policy"
    return SeriesRow(
        proposal=proposal,
        amount=amount_of(proposal),
        passed="" if step.waits else passed,
        tone=TONES[State(proposal.state)],
        is_own=proposal.pk == own.pk,
    )
