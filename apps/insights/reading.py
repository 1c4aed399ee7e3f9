"""The tallies of a period: kept ones of what is over, today's counted now."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from apps.accounts.models import Workspace
from apps.insights import store
from apps.insights.counting import count
from apps.insights.spans import DAY, Period, Span, cut, runs_of
from apps.insights.tally import Tally, merge

PATIENCE = 2.0  # seconds a page counts days nobody has counted yet
AHEAD = 60  # days counted before a page asks: those it usually shows, and those before them
AT_ONCE = 1  # days counted together at first; four times as many after each quick answer
QUICK = 0.25  # seconds


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A period's tally, that of each day if asked for, and how many days are not counted yet."""

    period: Period
    whole: Tally
    days: dict[date, Tally]
    missing: int


def read(
    workspace_id: UUID,
    period: Period,
    *,
    now: datetime,
    patience: float = PATIENCE,
    daily: bool = True,
) -> Reading:
    """The tallies of a period; what is over is counted once, for at most `patience` seconds.

    What was not reached is left out and said so; a worker goes on with it. The days that are over
    are kept together as well: without `daily`, a period costs the same however long it is.
    """
    closed, rest = cut(period, now=now)
    start = store.prefix(workspace_id)
    keys = {span: store.key_of(start, span) for span in closed}
    days = [span for span in closed if span.length == DAY]
    together = store.key_of(start, Span(days[0].since, days[-1].until)) + ":sum" if days else ""
    tallies, old = fetch(keys, together, daily=daily)
    if daily or old is None:
        unknown = [span for span in closed if span not in tallies]
    else:
        unknown = [span for span in closed if span not in tallies and span.length != DAY]
    counted = count_missing(workspace_id, unknown, start, patience=patience)
    tallies |= counted
    missing = len(unknown) - len(counted)
    if missing:
        store.want(job_of(workspace_id, period))
    if old is None:
        old = merge(tallies[span] for span in days if span in tallies)
        if together and not missing:
            store.store_tallies({together: old})
    if rest and rest.since < now:
        tallies |= {rest: count(workspace_id, [rest])[0]}
    new = [tally for span, tally in tallies.items() if span.length != DAY or span == rest]
    return Reading(
        period=period,
        whole=merge([old, *new]),
        days=by_day(period, tallies.items()) if daily else {},
        missing=missing,
    )


def fetch(
    keys: Mapping[Span, str], together: str, *, daily: bool
) -> tuple[dict[Span, Tally], Tally | None]:
    """What is kept of these spans, and of the days together; days only if they are needed."""
    wanted = [key for span, key in keys.items() if daily or span.length != DAY]
    kept = store.fetch([*wanted, together] if together else wanted)
    if not daily and together not in kept:
        kept |= store.fetch([key for span, key in keys.items() if span.length == DAY])
    return {span: kept[key] for span, key in keys.items() if key in kept}, kept.get(together)


def count_missing(
    workspace_id: UUID, spans: list[Span], start: str, *, patience: float
) -> dict[Span, Tally]:
    """Count and keep spans that are over, newest first, until time is up."""
    give_up = time.monotonic() + patience
    found: dict[Span, Tally] = {}
    left, most = spans, AT_ONCE
    while left and time.monotonic() < give_up:
        run = runs_of(left, most=most)[0]
        began = time.monotonic()
        counted = dict(zip(run, count(workspace_id, run), strict=True))
        store.store_tallies({store.key_of(start, span): tally for span, tally in counted.items()})
        found |= counted
        left = [span for span in left if span not in counted]
        quick = time.monotonic() - began < QUICK
        most = most * 4 if quick else max(most // 2, 1)
    return found


def by_day(period: Period, tallies: Iterable[tuple[Span, Tally]]) -> dict[date, Tally]:
    """The tally of each day; a day nothing is known of is empty."""
    days = {day: Tally() for day in period.dates()}
    for span, tally in tallies:
        day = span.since.astimezone(UTC).date()
        if span.length == DAY and not days[day]:
            days[day] = tally
        else:
            days[day].add(tally.items())
    return days


def job_of(workspace_id: UUID, period: Period) -> str:
    """The order to count a period, as `fill` reads it."""
    return f"{workspace_id}|{period.first}|{period.last}"


def look_ahead(*, now: datetime) -> int:
    """Once an hour, have workers count what is over now, so that no page has to.

    For how many workspaces; what was counted before is not counted again.
    """
    if not store.is_first_look(now):
        return 0
    today = now.astimezone(UTC).date()
    period = Period(first=today - (AHEAD - 1) * DAY, last=today)
    jobs = [job_of(pk, period) for pk in Workspace.objects.values_list("pk", flat=True)]
    store.want(*jobs)
    return len(jobs)


def fill(*, now: datetime, patience: float) -> bool:
    """Count what pages had no time for; whether some of it is left."""
    give_up = time.monotonic() + patience
    while (job := store.take_wanted()) is not None:
        workspace_id, first, last = job.split("|")
        period = Period(first=date.fromisoformat(first), last=date.fromisoformat(last))
        left = give_up - time.monotonic()
        if left <= 0 or read(UUID(workspace_id), period, now=now, patience=left).missing:
            store.want(job)
            return True
    return False
