"""The last good answers of connectors: for planning while a back end does not answer.

Only what an agent may plan on is kept, bounded in size and in age; never before an approval or a
call, which always read afresh.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import rfc8785

from apps.gateway.models import Connector, LastAnswer
from apps.gateway.records import CompetitorPrice, Record, Variant

KEPT: dict[str, type[Record]] = {"variants": Variant, "competitor_prices": CompetitorPrice}
MOST_ROWS = 5_000
EVERY = timedelta(seconds=60)  # an answer is written down at most so often
OLDEST = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a read gave. `stale`: not an answer of now but the last good one, from `at`.

    `more` holds what has to be known beside that.
    """

    rows: Sequence[Record]
    at: datetime
    connector: str
    stale: bool = False
    more: tuple[str, ...] = ()

    def caveat(self) -> str:
        """What a person has to know of a stale reading, or one that lacks something; else empty."""
        stale = f"As of {self.at:%Y-%m-%d %H:%M} UTC: '{self.connector}' does not answer now."
        return " ".join([*([stale] if self.stale else []), *self.more])


def together(readings: Sequence[Reading], *, missing: Sequence[str]) -> Reading:
    """Readings of several connectors as one; `missing` says what could not be read at all.

    It is as old as its oldest part, and each part that is stale is named.
    """
    if len(readings) == 1 and not missing:
        return readings[0]
    caveats = [caveat for reading in readings if (caveat := reading.caveat())]
    return Reading(
        rows=[row for reading in readings for row in reading.rows],
        at=min(reading.at for reading in readings),
        connector=", ".join(reading.connector for reading in readings),
        more=(*caveats, *(f"Not read: {name}" for name in missing)),
    )


def store_last_known(
    connector: Connector,
    resource: str,
    query: Mapping[str, Any],
    rows: Sequence[Record],
    *,
    now: datetime,
) -> None:
    """Write a good answer down, unless there is a recent one or it is too large."""
    if resource not in KEPT or len(rows) > MOST_ROWS:
        return
    place: dict[str, Any] = {
        "connector": connector,
        "resource": resource,
        "query": digest(query),
    }
    if LastAnswer.objects.filter(**place, at__gt=now - EVERY).exists():
        return
    LastAnswer.objects.update_or_create(
        **place,
        defaults={
            "workspace_id": connector.workspace_id,
            "rows": [row.model_dump(mode="json") for row in rows],
            "at": now,
        },
    )


def find(
    connector: Connector, resource: str, query: Mapping[str, Any], *, now: datetime
) -> Reading | None:
    """The last good answer to this very read, if it is not too old."""
    kept = LastAnswer.objects.filter(
        connector=connector, resource=resource, query=digest(query), at__gt=now - OLDEST
    ).first()
    if kept is None or resource not in KEPT:
        return None
    rows = [KEPT[resource].model_validate(row) for row in kept.rows]
    return Reading(rows=rows, at=kept.at, connector=connector.name, stale=True)


def digest(query: Mapping[str, Any]) -> str:
    """SHA-256 of a query, whatever the order of its names."""
    return hashlib.sha256(rfc8785.dumps({name: str(query[name]) for name in query})).hexdigest()
