"""Everything that happens in the workspace, as it happens; and one event in full."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_safe

from apps.audit import queries as audit
from apps.console import page, timeline
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.names import session_in_words
from apps.console.presenters.runs import scale_of
from apps.console.presenters.trace import STAGES, Filter, Group, filter_of
from apps.proposals import blind

NEWEST = 100  # stored events shown before the live ones


@require_safe
@seated
def show_trace(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The newest events that are wanted; the page goes on live from the last of them."""
    after = audit.last_index()
    wanted, before = filter_of(request.GET.dict()), read_place(request)
    found = timeline.find(
        seat.workspace.pk, wanted, run_id=None, before=before, limit=NEWEST
    )  # fmt: skip
    context = {
        "rows": found.rows,
        "scale": scale_of(found.rows),
        "trace": filter_context(wanted, found, before),
        "address": request.path,
        "seen": after,
    }
    if page.is_part_wanted(request, "trace"):
        return page.show_part(request, "_components/trace.html", context)
    return page.show(request, seat, "console/trace.html", context, after=after)


@require_safe
@seated
def show_event(request: ConsoleRequest, seat: Seat, index: int) -> HttpResponseBase:
    """One event of the audit log with all it holds."""
    events = audit.stream(workspace_id=seat.workspace.pk, after=index - 1, limit=1)
    if not events or events[0].index != index:
        raise Http404("This workspace has no such event.")
    events = blind.visible_events(events, seat.user)
    [row] = timeline.rows_of(seat.workspace.pk, events)
    fields = None if events[0].fields is None else list(laid_out(events[0].fields))
    context = {
        "row": row,
        "event": events[0],
        "session": session_in_words(events[0]),
        "fields": fields,
    }
    return page.show(request, seat, "console/event.html", context)


def laid_out(fields: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, value and whether the value is a block of text, for each field of an event."""
    rows = []
    for name, value in fields.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
        rows.append((name.replace("_", " "), text, len(text) > 80 or "\n" in text))
    return rows


def read_place(request: ConsoleRequest) -> int | None:
    """The number before which the page ends; None for the newest."""
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def filter_context(wanted: Filter, found: timeline.Found, before: int | None) -> dict[str, Any]:
    """The filters with their addresses, and how far the page looked."""
    return {
        "filter": wanted,
        "stages": choices(wanted, "stage", STAGES),
        "kinds": choices(wanted, "kind", {group.value: group.label for group in Group}),
        "older": f"{wanted.query}{'&' if wanted.query else ''}before={found.older}"
        if found.older
        else "",
        "newest": wanted.query,
        "before": before,
        "looked": found.looked,
        "count": len(found.rows),
    }


def choices(wanted: Filter, part: str, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The choices of one filter, each as an address that keeps the other filters."""
    chosen = getattr(wanted, part)
    rows = []
    for value, label in {"": "All", **words}.items():
        given = {"stage": wanted.stage, "kind": wanted.kind, "text": wanted.text, part: value}
        rows.append({"value": value, "label": label, "chosen": value == chosen,
                     "query": Filter(**given).query})  # fmt: skip
    return rows
