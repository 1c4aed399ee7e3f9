"""The limits of a playbook's policy as a friendly form, and what they would have decided. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from apps.agents.playbooks.limit_field import MONEY, LimitField
from apps.money.currency import is_currency
from apps.money.typed import Ambiguous, NotAnAmount, parse, parse_number
from apps.policies.cel import Outcome

TONES = {Outcome.ALLOW: "good", Outcome.REVIEW: "warn", Outcome.DENY: "bad"}
ICONS = {Outcome.ALLOW: "check", Outcome.REVIEW: "person", Outcome.DENY: "deny"}
PHRASES = {
    Outcome.ALLOW: "done alone",
    Outcome.REVIEW: "wait for a person",
    Outcome.DENY: "denied",
}


@dataclass(frozen=True, kw_only=True)
class Input:
    """A field of the form with what is in it and what is wrong with that."""

    field: LimitField
    value: str
    problem: str


def inputs(
    fields: Sequence[LimitField],
    limits: Mapping[str, object],
    posted: Mapping[str, str] | None = None,
    *,
    counts_in: str = "EUR",
) -> list[Input]:
    """The form: what was typed, else what holds now.

    `counts_in` is the currency of the workspace, which limits are in that name none.
    """
    fields = fields_of(fields, limits, counts_in)
    if posted is None:
        return [Input(field=field, value=said(limits[field.name]), problem="") for field in fields]
    typed = {field.name: posted.get(field.name, "").strip() for field in fields}
    wrong = ladder_problems(fields, typed)
    return [
        Input(field=field, value=typed[field.name],
              problem=problem_of(field, typed[field.name]) or wrong.get(field.name, ""))
        for field in fields
    ]  # fmt: skip


def fields_of(
    fields: Sequence[LimitField], limits: Mapping[str, object], counts_in: str
) -> list[LimitField]:
    """The fields of what there is to set, money in the currency of the limits."""
    currency = limits.get("currency")
    unit = currency if is_currency(currency) else counts_in
    return [
        replace(field, unit=str(unit)) if field.unit == MONEY else field
        for field in fields
        if field.name in limits
    ]


def values(form: Sequence[Input]) -> dict[str, float]:
    """The numbers of a form without problems."""
    return {field.field.name: number(field.field, field.value) for field in form}


def problem_of(field: LimitField, text: str) -> str:
    """What is wrong with one number; empty if nothing."""
    try:
        value = read(field, text)
    except Ambiguous as error:
        return str(error)
    except NotAnAmount:
        value = Decimal(-1)
    return "" if 0 <= value <= field.most else f"Type a number from 0 to {said(field.most)}."


def ladder_problems(fields: Sequence[LimitField], typed: Mapping[str, str]) -> dict[str, str]:
    """Which limits are below the ones before them."""
    found = {}
    for low, high in rungs(fields):
        if number(high, typed[high.name]) < number(low, typed[low.name]):
            found[high.name] = f"This has to be at least “{low.label}”, {typed[low.name]}."
    return found


def rungs(fields: Sequence[LimitField]) -> Iterator[tuple[LimitField, LimitField]]:
    """Neighbours on one ladder, the lower first."""
    for ladder in {field.ladder for field in fields if field.ladder}:
        yield from pairwise(field for field in fields if field.ladder == ladder)


def number(field: LimitField, text: str) -> float:
    """The number somebody typed; not a number if it is none, or could be two."""
    try:
        return float(read(field, text))
    except NotAnAmount:
        return math.nan


def read(field: LimitField, text: str) -> Decimal:
    """What was typed, as money or as a plain number; what could be two, but one of them not here,
    is the other. Raises `Ambiguous`, `NotAnAmount`.
    """
    try:
        return parse_number(text) if field.unit == "%" else parse(text, currency=field.unit)
    except Ambiguous as error:
        possible = [reading for reading in error.readings if 0 <= reading <= field.most]
        if len(possible) == 1:
            return possible[0]
        raise


def said(value: object) -> str:
    """A number without needless digits."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{Decimal(str(value)).normalize():f}"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many proposals came out alike: now, and with the limits that were typed."""

    phrase: str
    tone: str
    icon: str
    now: int
    then: int

    @property
    def moved(self) -> str:
        """By how many it would change, with its sign; empty if by none."""
        return f"{self.then - self.now:+d}" if self.then != self.now else ""


def tally(now: Iterable[str], then: Iterable[str]) -> list[Tally]:
    """The outcomes of what was tried in shadow, before and after."""
    before, after = Counter(now), Counter(then)
    return [
        Tally(phrase=PHRASES[outcome], tone=TONES[outcome], icon=ICONS[outcome],
              now=before[outcome.value], then=after[outcome.value])
        for outcome in Outcome
    ]  # fmt: skip
