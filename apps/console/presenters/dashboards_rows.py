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

FAILED = tuple(one.value for one in Outcome if one not in (Outcome.OK, Outcome.STARTED))
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
    one: Listed, *, about: Mapping[UUID, str], agents: Mapping[str, str], people: Mapping[str, str]
) -> Row:
    """A fact in words; `about` are titles by subject."""
    return Row(
        at=one.at,
        what="Told once you have voted"
        if one.what == HIDDEN
        else WHATS[one.fact].get(one.what, "Submitted"),
        about=name_of(one, about),
        href=link_of(one, about),
        agent=agents.get(one.agent, "A removed agent") if one.agent else "",
        who=who_of(one, people),
        took=words.duration(one.ms) if one.ms is not None else "",
        amount=amount_of(one),
    )


def hidden(one: Listed) -> Listed:
    """A verdict of which only the moment is told: others have still to give theirs, unswayed."""
    return replace(one, what=HIDDEN, agent="", subject=None, who="", ms=None)


def values(one: Listed, row: Row) -> Sequence[Value]:
    """The fact as a line of a spreadsheet."""
    seconds = round(float(one.ms) / 1000, 3) if one.ms is not None else None
    amount: Value = None
    if one.fact == "call":
        amount = one.total / DOLLAR
    elif one.fact == "recalled":
        amount = one.total
    return [one.at, row.what, row.about, row.agent, row.who, seconds, amount]


def name_of(one: Listed, about: Mapping[UUID, str]) -> str:
    """What the fact is about."""
    if one.fact == "call":
        tier, _, model = one.extra.partition("|")
        return f"{model or tier} for {one.who}"
    return about.get(one.subject, "") if one.subject else ""


def link_of(one: Listed, about: Mapping[UUID, str]) -> str:
    """The page of what it is about; empty where there is none."""
    if one.subject is None:
        return ""
    if one.fact in ("call", "recalled") or one.what == "run.stepped":
        return reverse("console:run", args=[one.subject])
    if one.fact in ("broken", "recovered") and one.what == "run":
        return reverse("console:run", args=[one.subject])
    if one.what == "breaker":
        return reverse("console:connectors")
    if one.fact in ("broken", "recovered") and one.what == "unknown":
        return reverse("console:execution", args=[one.subject])
    return reverse("console:proposal", args=[one.subject]) if one.subject in about else ""


def who_of(one: Listed, people: Mapping[str, str]) -> str:
    """Who did it; parts of AIOS by their own name."""
    if one.fact == "call" or one.who.startswith("agent:"):
        return ""
    if one.who.startswith(("user:", "key:")):
        return people.get(one.who, "A former member")
    return one.who.capitalize()


def amount_of(one: Listed) -> str:
    """What it adds to a sum."""
    if one.fact == "call":
        return words.dollars(one.total / DOLLAR)
    if one.fact == "recalled":
        return words.count(one.total)
    return ""
