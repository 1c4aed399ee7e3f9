"""Stuck work: what waits longer than it should, why, and what to do about it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated
from apps.console.presenters import executions as words
from apps.console.views.history import PAGE_SIZE
from apps.insights import stuck as insights
from apps.insights.stuck import Stuck, Why

SHORT = {
    Why.NEEDS_PERSON: "Needs a person",
    Why.PARKED: "Set aside",
    Why.UNKNOWN: "Not proven",
    Why.LAPSED: "No sign of life",
    Why.STOPPED: "Stopped",
    Why.SWITCHED_OFF: "Connector off",
    Why.BREAKER: "Breaker open",
    Why.AWAY: "Put off",
    Why.LATE: "Not taken",
    Why.STALE: "Void",
}
TONES = {Why.NEEDS_PERSON: "bad", Why.PARKED: "bad", Why.LATE: "busy"}


@require_safe
@operated
def show_stuck(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A page of stuck work, oldest first; `why` narrows it, `after` is the cursor."""
    now = timezone.now()
    why = request.GET.get("why", "")
    why = why if why in Why.values else ""
    after = read_after(request)
    found = insights.stuck(seat.workspace.pk, now=now, why=why, after=after, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    counted = insights.count_by_why(seat.workspace.pk, now=now)
    context = {
        "rows": [row(stuck) for stuck in shown],
        "kinds": [
            {"why": kind, "short": SHORT[kind], "count": count} for kind, count in counted.items()
        ],
        "total": sum(counted.values()),
        "why": why,
        "cursor": after,
        "more": shown[-1].execution.pk if len(found) > PAGE_SIZE else None,
    }
    return page.show(request, seat, "console/stuck.html", context)


def row(stuck: Stuck) -> dict[str, Any]:
    """A row of the list."""
    return {
        "execution": stuck.execution,
        "proposal": stuck.change.proposal if stuck.change else None,
        "title": words.title_of(stuck.execution.action),
        "why": stuck.why,
        "tone": TONES.get(stuck.why, "warn"),
    }


def read_after(request: ConsoleRequest) -> UUID | None:
    """The id behind which the page begins; None for the first page."""
    try:
        return UUID(request.GET["after"])
    except (KeyError, ValueError):
        return None
