"""Figures of a workspace, the rows behind each of them, and both as spreadsheets."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters import dashboards, dashboards_csv, dashboards_rows
from apps.console.presenters import dashboards_tables as tables
from apps.console.presenters.dashboards_asked import PRESETS, Asked, read_asked
from apps.console.presenters.dashboards_tables import Table
from apps.gateway.catalogue import ACTIONS
from apps.insights import counting, reading
from apps.insights.counting import Listed, Place
from apps.insights.facts import SOURCES
from apps.insights.figures import NOBODY, Figures, figures, narrow
from apps.insights.names import Names, names_in, subjects
from apps.insights.rules import RuleStanding, standings
from apps.insights.spans import Span
from apps.insights.standing import Standing, standing
from apps.insights.tally import Tally
from apps.proposals.blind import untold_votes

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 1_000
NO_AGENT = "People and integrations"
NO_VERSION = "No policy"


@require_safe
@seated
def show_insights(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """All figures of a period, beside those of the period before."""
    now = timezone.now()
    asked = read_asked(request.GET, today=now.date())
    found = look(seat, asked, now=now)
    context = {
        "asked": asked,
        "presets": [(days, asked_for(asked, days)) for days in PRESETS],
        "missing": found.missing,
        "altered": found.unnarrowed.count("altered"),
        "altered_rows": asked.rows("altered", agent="", version="", action=""),
        "standing": found.standing,
        "cards": dashboards.cards(asked, found.now, found.before),
        "charts": dashboards.charts(
            found.by_day, costs=not (asked.version or asked.action)
        ),
        "tables": all_tables(seat, asked, found),
        "choices": choices(found.names, found.unnarrowed, asked),
        "here": asked.address("insights"),
    }  # fmt: skip
    if page.is_part_wanted(request, "insights"):
        return page.show_part(request, "console/insights/figures.html", context)
    return page.show(request, seat, "console/insights.html", context)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was read for a page; `unnarrowed` is all of the period, `tally` what is asked for."""

    missing: int
    by_day: dict[date, Tally]
    unnarrowed: Tally
    tally: Tally
    now: Figures
    before: Figures | None
    names: Names
    standing: Standing


def look(seat: Seat, asked: Asked, *, now: datetime) -> Found:
    """Read what the page is asked for; the period before waits until this one is counted."""
    workspace_id = seat.workspace.pk
    chosen = {"agent": asked.agent, "version": asked.version, "action": asked.action}
    current = reading.read(workspace_id, asked.period, now=now)
    before, missing = None, current.missing
    if asked.compare:
        patience = 0.0 if missing else reading.PATIENCE
        earlier = reading.read(
            workspace_id, asked.period.before, now=now, patience=patience, daily=False
        )
        before, missing = figures(narrow(earlier.whole, **chosen)), missing + earlier.missing
    tally = narrow(current.whole, **chosen)
    return Found(
        missing=missing,
        by_day={day: narrow(counts, **chosen) for day, counts in current.days.items()},
        unnarrowed=current.whole,
        tally=tally,
        now=figures(tally),
        before=before,
        names=names_in(workspace_id, current.whole),
        standing=standing(workspace_id),
    )


def asked_for(asked: Asked, days: int) -> str:
    """The same page for the last days."""
    return asked.address("insights", **{"from": "", "to": "", "days": str(days)})


def choices(names: Names, tally: Tally, asked: Asked) -> list[dict[str, Any]]:
    """What figures can be narrowed to: what there is in the period, and what is chosen."""
    versions = {key: names.versions.get(key, "Removed") for key in tally.by("version") if key}
    if asked.version:
        versions.setdefault(asked.version, "The chosen version")
    agents = dict(names.agents)
    if asked.agent not in ("", NOBODY):
        agents.setdefault(asked.agent, "The chosen agent")
    return [
        {"name": "agent", "title": "Agent", "chosen": asked.agent,
         "options": [*agents.items(), (NOBODY, NO_AGENT)]},
        {"name": "version", "title": "Policy version", "chosen": asked.version,
         "options": sorted(versions.items(), key=lambda pair: pair[1])},
        {"name": "action", "title": "Action", "chosen": asked.action,
         "options": [(spec.name, spec.title) for spec in ACTIONS.values()]},
    ]  # fmt: skip


def all_tables(seat: Seat, asked: Asked, found: Found) -> list[Table]:
    """The tables of the page, in their order."""
    titles = {name: spec.title for name, spec in ACTIONS.items()}
    split = {
        "agent": ("By agent", found.names.agents, NO_AGENT),
        "version": ("By policy version", found.names.versions, NO_VERSION),
        "action": ("By action", titles, "No action"),
    }
    links = policy_link if seat.user.is_staff and seat.operates else no_link
    made = [
        tables.outcomes(asked, found.now, found.before),
        *(
            tables.split(asked, found.tally, name, names, title=title, none=none)
            for name, (title, names, none) in split.items()
        ),
        tables.rules(standings(seat.workspace.pk), link=links),
        tables.reviewers(asked, found.tally, found.names.people),
        tables.mishaps(asked, found.now, found.standing),
    ]
    if not (asked.version or asked.action):
        made.append(tables.models(asked, found.tally))
    return [*made, tables.days(asked, found.by_day)]


def policy_link(standing: RuleStanding) -> str:
    """Where the policy of a rule is changed."""
    return reverse("admin:policies_policy_change", args=[standing.version.policy_id])


def no_link(_: RuleStanding) -> str:
    """Nowhere, for those who may not change policies."""
    return ""


@require_safe
@seated
def show_rows(request: ConsoleRequest, seat: Seat, fact: str) -> HttpResponseBase:
    """The rows behind a number, newest first; `before` is the cursor."""
    rows = Rows(seat, fact, request.GET)
    behind = read_place(request.GET.get("before", ""))
    found = rows.behind(behind, limit=PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    context = {
        "asked": rows.asked,
        "fact": fact,
        "title": dashboards_rows.TITLES[fact][0],
        "took": dashboards_rows.TITLES[fact][1],
        "what": rows.what,
        "whats": [
            (rows.asked.rows(fact, what), what, said)
            for what, said in dashboards_rows.WHATS[fact].items()
            if fact not in ("call", "recalled") or what in ("failed", "found")
        ],
        "everything": rows.asked.rows(fact),
        "rows": rows.present(shown),
        "back": rows.asked.address("insights"),
        "export": rows.asked.address(
            "insights-export", table="rows", fact=fact, what=rows.what, **rows.extra
        ),
        "older": write_place(shown[-1].place) if len(found) > PAGE_SIZE else None,
        "cursor": behind,
    }
    return page.show(request, seat, "console/insights_rows.html", context)


class Rows:
    """The rows a request asks for. Raises `Http404` for a fact nobody knows."""

    def __init__(self, seat: Seat, fact: str, given: Mapping[str, str]) -> None:
        if fact not in SOURCES:
            raise Http404("There is no such list.")
        self.workspace_id, self.user = seat.workspace.pk, seat.user
        self.fact = fact
        self.asked = read_asked(given, today=timezone.now().date())
        self.what = given.get("what", "")
        extra = given.get("extra", "")
        self.extra = {"extra": extra} if extra else {}
        period = self.asked.period
        self.span = Span(period.since, period.until)

    def behind(self, place: Place | None, *, limit: int) -> list[Listed]:
        """Facts behind a place, newest first; votes as far as this person may know them."""
        found = counting.listed(
            self.workspace_id,
            self.span,
            self.fact,
            what=dashboards_rows.whats(self.fact, self.what),
            narrowed={**self.asked.narrowed, **self.extra},
            behind=place,
            limit=limit,
        )
        if self.fact not in dashboards_rows.VOTES:
            return found
        secret = untold_votes([row.id for row in found], self.user)
        return [dashboards_rows.hidden(row) if row.id in secret else row for row in found]

    def present(self, found: list[Listed]) -> list[dashboards_rows.Row]:
        """These facts in words."""
        named = subjects(self.workspace_id, found)
        return [
            dashboards_rows.present(
                row, about=named.about, agents=named.agents, people=named.people
            )
            for row in found
        ]  # fmt: skip

    def lines(self) -> Iterator[str]:
        """All of them for a spreadsheet, read page by page."""
        yield dashboards_csv.MARK + dashboards_csv.line(dashboards_rows.HEADS)
        place: Place | None = None
        while found := self.behind(place, limit=EXPORTED_AT_ONCE):
            for entry, row in zip(found, self.present(found), strict=True):
                yield dashboards_csv.line(dashboards_rows.values(entry, row))
            place = found[-1].place


@require_safe
@seated
def export(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A table of the page, or the rows behind a number, for a spreadsheet."""
    name = request.GET.get("table", "")
    if name == "rows":
        rows = Rows(seat, request.GET.get("fact", ""), request.GET)
        return download(rows.lines, f"{rows.fact}-{rows.asked.period.first}")
    now = timezone.now()
    asked = read_asked(request.GET, today=now.date())
    made = {table.name: table for table in all_tables(seat, asked, look(seat, asked, now=now))}
    if name not in made:
        raise Http404("There is no such table.")
    table = made[name]
    values = ([cell.value for cell in row] for row in table.rows)
    return download(
        lambda: iter(dashboards_csv.lines(table.columns, values)), f"{name}-{asked.period.first}"
    )


def download(lines: Callable[[], Iterator[str]], name: str) -> StreamingHttpResponse:
    """The lines as a file, sent while they are read."""
    return StreamingHttpResponse(
        stream(lines()),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="aios-{name}.csv"',
            "Cache-Control": "no-store, private",
        },
    )


async def stream(lines: Iterator[str]) -> AsyncIterator[bytes]:
    """The lines in packets, each read in the thread of the request."""
    while packet := await sync_to_async(take)(lines):
        yield packet.encode()


def take(lines: Iterator[str]) -> str:
    """The next lines together; empty at the end."""
    return "".join(line for line, _ in zip(lines, range(EXPORTED_AT_ONCE), strict=False))


def read_place(text: str) -> Place | None:
    """The place a cursor names; None for the first page."""
    try:
        micros, _, pk = text.partition("_")
        at = datetime.fromtimestamp(int(micros) // 1_000_000, UTC)
        return Place(at=at.replace(microsecond=int(micros) % 1_000_000), id=UUID(pk))
    except (ValueError, OverflowError, OSError):
        return None


def write_place(place: Place) -> str:
    """A place as a cursor."""
    seconds = int(place.at.replace(microsecond=0).timestamp())
    return f"{seconds * 1_000_000 + place.at.microsecond}_{place.id}"
