"""The rows behind a number: each fact in words, with the page it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from apps.console.presenters import dashboards_words as words
from apps.console.presenters.dashboards_csv import Value
from apps.console.presenters.dashboards_tables import MISHAP_WORDS, OUTCOME_WORDS
from apps.inference.providers.base import Outcome
from apps.insights.counting import Listed
from apps.insights.figures import DOLLAR
from apps.proposals.models import State

FAILED = tuple(outcome.value for outcome in Outcome if outcome not in (Outcome.OK, Outcome.STARTED))
# fact -> (what a list of it is called, what the duration of a row is)
TITLES = {
    "submitted": ("Proposals submitted", ""),
    "decided": ("Decisions", ""),
    "first_verdict": ("First verdicts", "Since submitted"),
    "held_verdict": ("Verdicts on proposals taken before", "Since taken"),
    "settled": ("Proposals that came to an end", ""),
    "broken": ("What went wrong", ""),
    "recovered": ("What was mended", "Took"),
    "call": ("Calls to models", "Answered within"),
    "recalled": ("What agents planned", ""),
    "altered": ("Events changed or forged", ""),
}
CALLS = {
    Outcome.OK.value: "Answered",
    Outcome.ERROR.value: "Refused or failed",
    Outcome.TIMEOUT.value: "Took too long",
    Outcome.RATE_LIMITED.value: "Too many calls",
    Outcome.MALFORMED.value: "Answer not usable",
    Outcome.LOST.value: "Lost: the process ended",
}
VOTES = ("first_verdict", "held_verdict")  # facts whose ids are those of votes
HIDDEN = "hidden"  # a verdict that is not told yet
VERDICTS = {"approve": "Approved", "reject": "Rejected"}
ALTERED = "Changed after it was recorded"
WHATS: dict[str, dict[str, str]] = {
    "submitted": {},
    "decided": OUTCOME_WORDS,
    "first_verdict": VERDICTS,
    "held_verdict": VERDICTS,
    "settled": {**{state.value: state.label for state in State}, "altered": ALTERED},
    "broken": MISHAP_WORDS,
    "recovered": MISHAP_WORDS,
    "call": {"failed": "Not answered", **CALLS},
    "recalled": {"found": "Memory was used", "cases": "Planned"},
    "altered": {
        "proposal.settled": "A proposal's end",
        "run.stepped": "A step of a run",
        "unattested": "In somebody's name without their session",
    },
}
HEADS = ["When", "What", "About", "Agent", "Who", "Seconds", "Amount"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A fact as a person reads it. `took` is empty without a duration."""

    at: datetime
    what: str
    about: str
    href: str
    agent: str
    who: str
    took: str
    amount: str


def whats(fact: str, what: str) -> tuple[str, ...]:
    """The kinds of a fact a name stands for; none: all."""
    if fact == "call" and what == "failed":
        return FAILED
    if fact == "recalled" and not what:
        return ("cases",)
    return (what,) if what in WHATS[fact] else ()


def present(
    row: Listed, *, about: Mapping[UUID, str], agents: Mapping[str, str], people: Mapping[str, str]
) -> Row:
    """A fact in words; `about` are titles by subject."""
    return Row(
        at=row.at,
        what="Told once you have voted"
        if row.what == HIDDEN
        else WHATS[row.fact].get(row.what, "Submitted"),
        about=name_of(row, about),
        href=link_of(row, about),
        agent=agents.get(row.agent, "A removed agent") if row.agent else "",
        who=who_of(row, people),
        took=words.duration(row.ms) if row.ms is not None else "",
        amount=amount_of(row),
    )


def hidden(row: Listed) -> Listed:
    """A verdict of which only the moment is told: others have still to give theirs, unswayed."""
    return replace(row, what=HIDDEN, agent="", subject=None, who="", ms=None)


def values(entry: Listed, row: Row) -> Sequence[Value]:
    """The fact as a line of a spreadsheet."""
    seconds = round(float(entry.ms) / 1000, 3) if entry.ms is not None else None
    amount: Value = None
    if entry.fact == "call":
        amount = entry.total / DOLLAR
    elif entry.fact == "recalled":
        amount = entry.total
    return [entry.at, row.what, row.about, row.agent, row.who, seconds, amount]


def name_of(row: Listed, about: Mapping[UUID, str]) -> str:
    """What the fact is about."""
    if row.fact == "call":
        tier, _, model = row.extra.partition("|")
        return f"{model or tier} for {row.who}"
    return about.get(row.subject, "") if row.subject else ""


def link_of(row: Listed, about: Mapping[UUID, str]) -> str:
    """The page of what it is about; empty where there is none."""
    if row.subject is None:
        return ""
    if row.fact in ("call", "recalled") or row.what == "run.stepped":
        return reverse("console:run", args=[row.subject])
    if row.fact in ("broken", "recovered") and row.what == "run":
        return reverse("console:run", args=[row.subject])
    if row.what == "breaker":
        return reverse("console:connectors")
    if row.fact in ("broken", "recovered") and row.what == "unknown":
        return reverse("console:execution", args=[row.subject])
    return reverse("console:proposal", args=[row.subject]) if row.subject in about else ""


def who_of(row: Listed, people: Mapping[str, str]) -> str:
    """Who did it; parts of AIOS by their own name."""
    if row.fact == "call" or row.who.startswith("agent:"):
        return ""
    if row.who.startswith(("user:", "key:")):
        return people.get(row.who, "A former member")
    return row.who.capitalize()


def amount_of(row: Listed) -> str:
    """What it adds to a sum."""
    if row.fact == "call":
        return words.dollars(row.total / DOLLAR)
    if row.fact == "recalled":
        return words.count(row.total)
    return ""
