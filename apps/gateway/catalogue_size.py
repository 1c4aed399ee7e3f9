"""How many variants the catalogue of a connector has: asked for now and then, and kept.

Shares of the catalogue are reckoned from it. A size that is too old, or from before the connector
was changed, is none: whoever needs it asks a person.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from apps.gateway import health
from apps.gateway.errors import ConnectorError
from apps.gateway.models import Connector
from apps.gateway.readers import reader_of

EVERY = timedelta(hours=6)
OLDEST = timedelta(days=7)
log = logging.getLogger(__name__)


def known(connector: Connector, *, now: datetime) -> int | None:
    """The size as it was counted last; None where nobody knows it by now."""
    return connector.catalogue_size if is_fresh(connector, OLDEST, now) else None


def is_fresh(connector: Connector, age: timedelta, now: datetime) -> bool:
    """Whether it was counted no longer ago than that, and at the address the connector has now."""
    at = connector.catalogue_counted_at
    return at is not None and at > now - age and at >= connector.changed_at


def refresh(connector: Connector, *, patient: bool = True) -> None:
    """Count anew if it is time to; what does not answer is left as it is. One call at most.

    In a transaction, which may be one that must not write, only this instance knows it.
    """
    now = timezone.now()
    if is_fresh(connector, EVERY, now):
        return
    try:
        health.enter(connector, clock=timezone.now, patient=patient)
        with health.watch(connector, clock=timezone.now):
            size = reader_of(connector).catalogue_size()
    except ConnectorError as error:
        log.warning("The catalogue of %s could not be counted: %s", connector, error)
        return
    if size:
        store_size(connector, size, now=now)


def store_size(connector: Connector, size: int, *, now: datetime) -> None:
    """Let this be the size from now on."""
    connector.catalogue_size, connector.catalogue_counted_at = size, now
    if not connection.in_atomic_block:
        rows = Connector.objects.filter(pk=connector.pk, changed_at=connector.changed_at)
        rows.update(catalogue_size=size, catalogue_counted_at=now)
