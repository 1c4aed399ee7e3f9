"""Counting facts in the database, and listing the very facts that were counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.insights.facts import SOURCES
from apps.insights.histogram import GROWTH, NO_BUCKET
from apps.insights.spans import Span
from apps.insights.tally import Cell, Tally, key_of

COUNT = """
    SELECT floor(extract(epoch FROM f.at - %(since)s::timestamptz) / %(seconds)s::float8)::int,
           f.fact, f.what, f.agent, f.version, f.action, f.extra,
           CASE WHEN f.ms IS NULL THEN %(none)s::int
                ELSE floor(ln(greatest(f.ms, 1)::float8) / ln(%(growth)s::float8))::int END,
           count(*), coalesce(sum(f.total), 0)::bigint
    FROM ({source}) f GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
LIST = """
    SELECT f.at, f.id, f.fact, f.what, f.agent, f.version, f.action, f.extra, f.ms, f.total,
           f.subject, f.who
    FROM ({source}) f
    WHERE f.fact = %(fact)s AND ({wanted}) AND (f.at, f.id) < (%(before)s, %(before_id)s)
    ORDER BY f.at DESC, f.id DESC LIMIT %(limit)s
"""
NARROWING = ("agent", "version", "action", "extra")
LAST_ID = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a list goes on: behind the fact of this moment and id."""

    at: datetime
    id: UUID


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One fact; see `facts` for what its fields mean."""

    at: datetime
    id: UUID
    fact: str
    what: str
    agent: str
    version: str
    action: str
    extra: str
    ms: float | None
    total: int
    subject: UUID | None
    who: str

    @property
    def place(self) -> Place:
        """Where the list goes on behind it."""
        return Place(at=self.at, id=self.id)


def count(workspace_id: UUID, spans: Sequence[Span]) -> list[Tally]:
    """The tally of each span; neighbours of equal length. One statement a source."""
    since, length = spans[0].since, spans[0].length
    values: dict[str, Any] = {
        "workspace": workspace_id,
        "since": since,
        "until": spans[-1].until,
        "seconds": length.total_seconds(),
        "growth": GROWTH,
        "none": NO_BUCKET,
    }
    tallies = [Tally() for _ in spans]
    with connection.cursor() as sql:
        for sources in SOURCES.values():
            for source in sources:
                sql.execute(COUNT.format(source=source), values)
                for slot, *names, bucket, n, total in sql.fetchall():
                    tallies[slot].add([(key_of(names, bucket), Cell(n, total))])
    return tallies


def listed(
    workspace_id: UUID,
    span: Span,
    fact: str,
    *,
    what: Sequence[str] = (),
    narrowed: dict[str, str],
    behind: Place | None = None,
    limit: int,
) -> list[Listed]:
    """Facts of the span, newest first: those `count` has counted under these names."""
    conditions = [f"f.{name} = %({name})s" for name in NARROWING if name in narrowed]
    if what:
        conditions.append("f.what = ANY(%(what)s)")
    until = min(span.until, behind.at + timedelta(microseconds=1)) if behind else span.until
    values: dict[str, Any] = {
        "workspace": workspace_id,
        "since": span.since,
        "until": until,
        "fact": fact,
        "what": list(what),
        "before": behind.at if behind else span.until,
        "before_id": behind.id if behind else LAST_ID,
        "limit": limit,
        **narrowed,
    }
    found: list[Listed] = []
    names = list(Listed.__dataclass_fields__)
    with connection.cursor() as sql:
        for source in SOURCES[fact]:
            wanted = " AND ".join(conditions) or "true"
            sql.execute(LIST.format(source=source, wanted=wanted), values)
            found += [Listed(**dict(zip(names, row, strict=True))) for row in sql.fetchall()]
    return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)[:limit]
