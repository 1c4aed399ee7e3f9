"""What a page of figures is asked for, as its address says it: period, comparison, narrowing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from apps.gateway.catalogue import ACTIONS
from apps.insights.figures import NOBODY
from apps.insights.spans import LONGEST, Period

PRESETS = (7, 30, 90)
USUAL = 30  # days


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A period in whole UTC days, whether to compare it, and what it is narrowed to.

    `preset` is the number of days up to today, 0 for days of one's own. `problem` says what was
    wrong with the address; then the usual days are shown.
    """

    period: Period
    preset: int
    compare: bool
    agent: str = ""
    version: str = ""
    action: str = ""
    problem: str = ""

    @property
    def narrowed(self) -> dict[str, str]:
        """The narrowing that is set, by name, as rows know it."""
        given = {"agent": self.agent, "version": self.version, "action": self.action}
        return {name: "" if value == NOBODY else value for name, value in given.items() if value}

    @property
    def choice(self) -> dict[str, str]:
        """The period as parameters of an address."""
        if self.preset:
            return {"days": str(self.preset)}
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}

    def address(self, name: str, *args: str, **more: str) -> str:
        """The address of a page that is asked for the same, and more; empty values are left out."""
        given = {
            **self.choice,
            "compare": "" if self.compare else "no",
            "agent": self.agent,
            "version": self.version,
            "action": self.action,
            **more,
        }
        said = urlencode({key: value for key, value in given.items() if value})
        return reverse(f"console:{name}", args=args) + (f"?{said}" if said else "")

    def rows(self, fact: str, what: str = "", **more: str) -> str:
        """Where the rows behind a number are."""
        return self.address("insights-rows", fact, **{"compare": "", "what": what, **more})


def read_asked(given: Mapping[str, str], *, today: date) -> Asked:
    """What the address asks for; values that make no sense narrow nothing, and are told of."""
    period, preset, problem = read_period(given, today=today)
    action = given.get("action", "")
    return Asked(
        period=period,
        preset=preset,
        compare=given.get("compare", "") != "no",
        agent=read_id(given.get("agent", ""), also=NOBODY),
        version=read_id(given.get("version", "")),
        action=action if action in ACTIONS else "",
        problem=problem,
    )


def read_period(given: Mapping[str, str], *, today: date) -> tuple[Period, int, str]:
    """The period, its preset or 0, and what was wrong with it."""
    if given.get("from") or given.get("to"):
        try:
            first = date.fromisoformat(given.get("from", ""))
            last = min(date.fromisoformat(given.get("to") or today.isoformat()), today)
        except ValueError:
            return usual(today), USUAL, "A date reads like 2026-11-21. These are the last 30 days."
        if first > last:
            return usual(today), USUAL, "The first day comes after the last, or is yet to come."
        if (last - first).days >= LONGEST:
            first = last - timedelta(days=LONGEST - 1)
            problem = f"More than {LONGEST} days at once are not shown; these are the last of them."
            return Period(first=first, last=last), 0, problem
        return Period(first=first, last=last), 0, ""
    preset = next((days for days in PRESETS if str(days) == given.get("days")), USUAL)
    return Period(first=today - timedelta(days=preset - 1), last=today), preset, ""


def usual(today: date) -> Period:
    """The days shown when nothing else is asked for."""
    return Period(first=today - timedelta(days=USUAL - 1), last=today)


def read_id(text: str, *, also: str = "") -> str:
    """An id as it is written in rows; empty if it is none."""
    if also and text == also:
        return text
    try:
        return str(UUID(text))
    except ValueError:
        return ""
