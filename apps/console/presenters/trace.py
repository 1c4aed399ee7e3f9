"""Where an event stands in the trace: its stage, its group, whether it is an error, its figures.

Pure, and from the event alone: what arrives live is sorted like what is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from apps.audit.kinds import Kind
from apps.console import reader
from apps.console.presenters import values
from apps.console.presenters.events import Told

Fields = Mapping[str, Any]
STAGES = {"sense": "Sense", "plan": "Plan", "act": "Act", "learn": "Learn"}
MOST_TEXT = 100  # characters of a search


class Group(StrEnum):
    """What an event is the doing of; each with its word on screen."""

    AGENT = "agent"
    MODEL = "model"
    POLICY = "policy"
    PEOPLE = "people"
    EFFECTS = "effects"
    ERRORS = "errors"  # of whatever group

    @property
    def label(self) -> str:
        """The word on the filter."""
        return {"agent": "Agent", "model": "Model", "policy": "Policy", "people": "People",
                "effects": "Effects", "errors": "Errors"}[self.value]  # fmt: skip


GROUPS = {
    "run": Group.AGENT,
    "item": Group.AGENT,
    "model": Group.MODEL,
    "budget": Group.MODEL,
    "decision": Group.POLICY,
    "policy": Group.POLICY,
    "action": Group.PEOPLE,
    "execution": Group.EFFECTS,
    "breaker": Group.EFFECTS,
    "notice": Group.EFFECTS,
}
ALWAYS_ERRORS: set[str] = {
    Kind.RUN_FAILED,
    Kind.RUN_ESCALATED,
    Kind.EXECUTION_UNKNOWN,
    Kind.EXECUTION_PARKED,
    Kind.BREAKER_OPENED,
    Kind.BUDGET_EXHAUSTED,
    Kind.NOTICE_FAILED,
}
BAD_ENDS: dict[str, tuple[str, tuple[str, ...]]] = {
    Kind.MODEL_CALLED: ("outcome", ("error", "timeout", "rate_limited", "malformed", "lost")),
    Kind.EXECUTION_FINISHED: ("outcome", ("refused", "needs_person")),
    Kind.PROPOSAL_SETTLED: ("state", ("failed", "needs_person")),
}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a call to a model took: milliseconds, US dollars, tokens in and out."""

    ms: int
    cost: str
    tokens_in: int
    tokens_out: int
    estimated: bool
    purpose: str

    @property
    def money(self) -> str:
        """The cost as a person reads it."""
        return dollars(self.cost)

    @property
    def time(self) -> str:
        """The time as a person reads it."""
        return duration(self.ms)

    def as_json(self) -> dict[str, Any]:
        """The figures as the browser gets them, in words besides."""
        return {**asdict(self), "money": self.money, "time": self.time}


@dataclass(frozen=True, kw_only=True)
class Row:
    """An event in the trace. `proposal` is the id of the one it concerns, or empty."""

    told: Told
    stage: str
    group: Group
    error: bool
    figures: Figures | None
    proposal: str

    @property
    def searched(self) -> str:
        """What a text search looks at."""
        return f"{self.told.who} {self.told.text}".casefold()


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What of a trace is wanted; empty parts want everything."""

    stage: str = ""
    kind: str = ""
    text: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return bool(self.stage or self.kind or self.text)

    @property
    def query(self) -> str:
        """As the query of an address, without a question mark; empty if nothing is left out."""
        wanted = {"stage": self.stage, "kind": self.kind, "q": self.text}
        return urlencode({name: value for name, value in wanted.items() if value})

    def takes(self, row: Row) -> bool:
        """Whether the row is wanted."""
        if self.stage and row.stage != self.stage:
            return False
        if self.kind == Group.ERRORS and not row.error:
            return False
        if self.kind not in ("", Group.ERRORS, row.group):
            return False
        return self.text.casefold() in row.searched


def filter_of(given: Mapping[str, str]) -> Filter:
    """The filter in an address; what makes no sense there wants everything."""
    stage, kind = given.get("stage", ""), given.get("kind", "")
    return Filter(
        stage=stage if stage in STAGES else "",
        kind=kind if kind in {group.value for group in Group} else "",
        text=given.get("q", "").strip()[:MOST_TEXT],
    )


def row_of(told: Told, proposals: Mapping[str, str]) -> Row:
    """The event as a row. `proposals` are the ids of proposals by change."""
    kind, fields = told.event.kind, told.event.fields or {}
    return Row(
        told=told,
        stage=stage_of(kind, fields),
        group=group_of(kind, told.event.actor),
        error=not told.is_sound or not told.event.attested or is_error(kind, fields),
        figures=figures_of(fields) if kind == Kind.MODEL_CALLED else None,
        proposal=proposal_of(told, proposals) if told.event.attested else "",
    )


def proposal_of(told: Told, proposals: Mapping[str, str]) -> str:
    """The id of the proposal an event is about; "" if it is about none."""
    if told.event.subject_kind == "proposal":
        return told.event.subject_id
    return next((proposals[subject] for subject in concerned(told) if subject in proposals), "")


def concerned(told: Told) -> Sequence[str]:
    """The ids that may be those of changes."""
    return told.about if told.event.subject_kind in ("change", "execution") else ()


def stage_of(kind: str, fields: Fields) -> str:
    """The stage of the loop an event belongs to."""
    named = str(fields.get("stage", ""))
    if kind.startswith("run.") and named in STAGES:
        return named
    if kind == Kind.RUN_STARTED:
        return "sense"
    if kind == Kind.MODEL_CALLED:
        return "plan"
    if kind.startswith("item.") or kind in (Kind.RUN_FINISHED, Kind.RUN_CANCELLED):
        return "learn"
    return "act"


def group_of(kind: str, actor: str) -> Group:
    """Whose doing it is: by its kind, else by who acted."""
    subject = kind.partition(".")[0]
    if subject in GROUPS:
        return GROUPS[subject]
    if actor == "policy":
        return Group.POLICY
    if actor.startswith("agent:"):
        return Group.AGENT
    if kind == Kind.PROPOSAL_SETTLED and not actor.startswith("user:"):
        return Group.EFFECTS
    return Group.PEOPLE if actor.startswith(("user:", "key:")) else Group.AGENT


def is_error(kind: str, fields: Fields) -> bool:
    """Whether something went wrong, which a rejection or a denial is not."""
    name, bad = BAD_ENDS.get(kind, ("", ()))
    return kind in ALWAYS_ERRORS or (bool(name) and fields.get(name) in bad)


def figures_of(fields: Fields) -> Figures | None:
    """What a call took; None where the content was erased."""
    if not fields:
        return None
    return Figures(
        ms=whole(fields.get("latency_ms")),
        cost=str(fields.get("cost") or "0"),
        tokens_in=whole(fields.get("input_tokens")),
        tokens_out=whole(fields.get("output_tokens")),
        estimated=bool(fields.get("estimated")),
        purpose=str(fields.get("purpose") or ""),
    )


def whole(value: object) -> int:
    """A whole number; 0 of what is none."""
    return value if isinstance(value, int) else 0


def dollars(amount: object) -> str:
    """US dollars with as many digits as the amount needs: models cost fractions of a cent."""
    try:
        value = Decimal(str(amount))
    except InvalidOperation:
        return "?"
    return values.dollars(value)


def duration(ms: float) -> str:
    """Milliseconds as a person reads them."""
    if ms < 1:
        return "under 1 ms"
    if ms < 1_000:
        return f"{ms:.0f} ms"
    seconds = ms / 1_000
    if seconds < 60:
        return f"{reader.number(seconds, 1)} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
