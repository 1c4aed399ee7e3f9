"""Odd rows of readings, kept for whoever runs the shop: counted, bounded, never in the way.

Written beside a read and not in an operation of its own, like `recall`: nobody asked for it. What
is new is one event for the whole reading. Inside somebody's transaction nothing is written, since
that may be one that must not write; the next reading outside of one tells the same rows.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Count, F, QuerySet

from apps.audit.events.connectors import RowsDismissed, RowsSetAside
from apps.audit.operations import record
from apps.gateway import rows
from apps.gateway.models import Connector, OddRow

log = logging.getLogger(__name__)

MOST = 1_000  # kept of a connector; the ones not seen for longest go first
OLDEST = timedelta(days=30)  # without being seen again
BEYOND = "{} more rows were odd in the same reading; only the first {} are listed."


def note(
    connector: Connector, resource: str, found: Sequence[rows.OddRow], *, count: int, now: datetime
) -> None:
    """Keep the odd rows of a reading, `count` in all. Never raises: the reading goes on without."""
    if count > len(found):
        found = [*found, beyond(count - len(found), len(found))]
    by_identity = {odd_row.identity: odd_row for odd_row in found}
    try:
        with transaction.atomic():
            fresh = store_odd_rows(connector, resource, by_identity, now=now)
            if fresh:
                record_odd_rows(connector, resource, fresh, count=count, now=now)
                prune(connector, now=now)
    except DatabaseError:
        log.warning("Odd rows of %s could not be kept", connector.name, exc_info=True)


def store_odd_rows(
    connector: Connector, resource: str, found: dict[str, rows.OddRow], *, now: datetime
) -> list[rows.OddRow]:
    """Count the rows that are known, add the others; those that were added."""
    kept = OddRow.objects.filter(connector=connector, resource=resource, identity__in=[*found])
    known = set(kept.values_list("identity", flat=True))
    # Those another worker is counting right now are counted
    locked = list(kept.order_by("pk").select_for_update(skip_locked=True, no_key=True))
    for row in locked:
        odd_row = found[row.identity]
        row.times, row.last_seen = F("times") + 1, now
        row.place, row.reason, row.excerpt = odd_row.place, odd_row.reason, odd_row.excerpt
        row.is_read = odd_row.is_read
    fields = ["times", "last_seen", "place", "reason", "excerpt", "is_read"]
    OddRow.objects.bulk_update(locked, fields, batch_size=100)
    fresh = [odd for odd in found.values() if odd.identity not in known]
    OddRow.objects.bulk_create(
        [
            OddRow(
                workspace_id=connector.workspace_id,
                connector=connector,
                resource=resource,
                identity=odd.identity,
                place=odd.place[:100],
                reason=odd.reason[:500],
                excerpt=odd.excerpt,
                is_read=odd.is_read,
                first_seen=now,
                last_seen=now,
            )
            for odd in fresh
        ],
        ignore_conflicts=True,
    )
    return fresh


def record_odd_rows(
    connector: Connector,
    resource: str,
    fresh: Sequence[rows.OddRow],
    *,
    count: int,
    now: datetime,
) -> None:
    """One event for all that is new in a reading."""
    record(
        RowsSetAside(
            name=connector.name,
            resource=resource,
            new=len(fresh),
            count=count,
            reason=fresh[0].reason,
        ),
        workspace_id=connector.workspace_id,
        actor="gateway",
        subject_kind="connector",
        subject_id=connector.pk,
        now=now,
    )


def prune(connector: Connector, *, now: datetime) -> None:
    """Forget rows that were not seen for long, and the oldest beyond the bound."""
    mine = OddRow.objects.filter(connector=connector)
    mine.filter(last_seen__lt=now - OLDEST).delete()
    last = mine.order_by("-last_seen", "-pk").values_list("pk", flat=True)[MOST : MOST + 1_000]
    mine.filter(pk__in=list(last)).delete()


def beyond(more: int, listed: int) -> rows.OddRow:
    """What stands for the rows that are only counted."""
    return rows.OddRow(
        place="after them",
        identity=hashlib.sha256(b"beyond").hexdigest(),
        reason=BEYOND.format(f"{more:,}", listed),
        excerpt="",
        is_read=False,
    )


def counts(workspace_id: UUID) -> dict[UUID, int]:
    """How many odd rows are kept of each connector of a workspace."""
    kept = OddRow.objects.filter(workspace_id=workspace_id).values("connector_id")
    return dict(kept.annotate(n=Count("pk")).values_list("connector_id", "n"))


def listed(connector: Connector) -> QuerySet[OddRow]:
    """The odd rows of a connector, those seen last first."""
    return OddRow.objects.filter(connector=connector).order_by("-last_seen", "-pk")


@transaction.atomic
def dismiss(*, connector: Connector, by: str, now: datetime) -> int:
    """Forget what was kept of a connector, after its rows were put right; how many it were.

    What is still odd comes back with the next reading.
    """
    gone, _ = OddRow.objects.filter(connector=connector).delete()
    if gone:
        record(
            RowsDismissed(name=connector.name, count=gone),
            workspace_id=connector.workspace_id,
            actor=by,
            subject_kind="connector",
            subject_id=connector.pk,
            now=now,
        )
    return gone
