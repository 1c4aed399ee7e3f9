"""Reading the outside world (for sensing and before an approval), and how executions stand."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from apps.gateway import catalogue, health, last_known, odd_rows, rows, sources
from apps.gateway.connectors import registry
from apps.gateway.errors import ConnectorError, Refused, Unreachable
from apps.gateway.last_known import Reading
from apps.gateway.models import Connector, Execution, State
from apps.gateway.readers import reader_of, stranger
from apps.gateway.records import Record
from apps.gateway.sources import NoConnector

__all__ = ["NoConnector"]  # what reading and acting raise
log = logging.getLogger(__name__)


def connectors_of(workspace_id: UUID) -> list[Connector]:
    """The enabled connectors of a workspace with their breakers, oldest first."""
    enabled = Connector.objects.filter(workspace_id=workspace_id, enabled=True)
    return list(enabled.select_related("breaker", "credential").order_by("pk"))


def connector_for(
    workspace_id: UUID, action: str, among: Sequence[Connector] | None = None
) -> Connector:
    """The connector which carries the action out. Raises `NoConnector`, `UnknownAction`.

    `among` are the workspace's enabled connectors, if the caller has read them.
    """
    catalogue.spec(action)
    enabled = connectors_of(workspace_id) if among is None else among
    able = [connector for connector in enabled if action in registry.KINDS[connector.kind].actions]
    if len(able) == 1:
        return able[0]
    return sources.actor(
        workspace_id, action, able, {connector.pk: readable(connector) for connector in able}
    )


def readable(connector: Connector) -> frozenset[str]:
    """What the connector can be read for, as its kind and its settings declare."""
    return registry.readable(connector.kind, connector.settings)


def capable(workspace_id: UUID) -> dict[str, list[Connector]]:
    """The enabled connectors by what they can be read for and by the actions they carry out."""
    found: dict[str, list[Connector]] = {}
    for connector in connectors_of(workspace_id):
        for name in readable(connector) | registry.KINDS[connector.kind].actions:
            found.setdefault(name, []).append(connector)
    return found


def connectors_with(workspace_id: UUID, resource: str) -> list[Connector]:
    """The connectors a resource is read from, oldest first. Raises `NoConnector`, `Undecided`."""
    able = [
        connector for connector in connectors_of(workspace_id) if resource in readable(connector)
    ]
    return sources.readers(workspace_id, resource, able)


def read(workspace_id: UUID, resource: str, **query: Any) -> Sequence[Record]:
    """Rows of a resource from the workspace's connector that has it, or from all that have it.

    Of several that are read together, one that does not answer keeps nobody from reading the
    others. Raises `NoConnector` and the `ConnectorError`s of `connectors.base` where none answers;
    at once (`Away`) while the connector's breaker is open.
    """
    found = connectors_with(workspace_id, resource)
    if len(found) == 1:
        return read_from(found[0], resource, query)
    return gathered([partial(read_from, connector, resource, query) for connector in found])


def gathered(reads: Sequence[Callable[[], Sequence[Record]]]) -> list[Record]:
    """What these reads gave together. Raises the first error where each of them failed."""
    together: list[Record] = []
    errors: list[ConnectorError] = []
    for read in reads:
        try:
            together += read()
        except ConnectorError as error:
            log.warning("One of several connectors could not be read: %s", error)
            errors.append(error)
    if len(errors) == len(reads):
        raise errors[0]
    return together


def read_or_recall(workspace_id: UUID, resource: str, **query: Any) -> Reading:
    """A read for planning: the last good answer, marked as stale, where there is none now.

    What an approval or a call rests on is never read like this. Raises what `read` raises.
    """
    readings: list[Reading] = []
    errors: list[ConnectorError] = []
    for connector in connectors_with(workspace_id, resource):
        try:
            readings.append(read_or_recall_from(connector, resource, query))
        except ConnectorError as error:
            errors.append(error)
    if not readings:
        raise errors[0]
    return last_known.together(readings, missing=[str(error) for error in errors])


def read_or_recall_from(connector: Connector, resource: str, query: dict[str, Any]) -> Reading:
    """The same of one connector."""
    now = timezone.now()
    try:
        found = read_from(connector, resource, query)
    except Unreachable:
        recalled = last_known.find(connector, resource, query, now=now)
        if recalled is None:
            raise
        return recalled
    if not connection.in_atomic_block:  # a transaction may be one that must not write
        last_known.store_last_known(connector, resource, query, found, now=now)
    return Reading(rows=found, at=now, connector=connector.name)


def read_from(connector: Connector, resource: str, query: dict[str, Any]) -> Sequence[Record]:
    """Rows of a resource of this connector, if it may be called."""
    reader = reader_of(connector)
    health.enter(connector, clock=timezone.now)
    with health.watch(connector, clock=timezone.now):
        found = reader.read(resource, **query)
    odd, count = rows.odd_of(found)
    if count and not connection.in_atomic_block:  # a transaction may be one that must not write
        odd_rows.note(connector, resource, odd, count=count, now=timezone.now())
    return stamped(connector, found) if resource == "messages" else found


def stamped(connector: Connector, messages: Sequence[Record]) -> Sequence[Record]:
    """The messages; those of a later mailbox with its name, so that each has one of its own.

    Those of the first keep theirs: a workspace had only one mailbox for long, and what it has
    handled must not be handled again when there is another, or when the first is switched off.
    """
    earlier = Connector.objects.filter(workspace_id=connector.workspace_id, pk__lt=connector.pk)
    kinds = [name for name, kind in registry.KINDS.items() if "messages" in kind.resources]
    if not earlier.filter(kind__in=kinds).exists():
        return messages
    return [record.model_copy(update={"mailbox": connector.name}) for record in messages]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A target as it is and as it would be; `refusal` says why the back end would not do it.

    Then `after` is as before: nothing would change.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    refusal: Refused | None = None


def look(
    connector: Connector, action: str, params: dict[str, Any], *, patient: bool = True
) -> tuple[Any, Any]:
    """The target as it is, and as it would be after the action: (before, after). Writes nothing.

    Raises the `ConnectorError`s of `connectors.base`, `Refused` also for what the back end is
    known to refuse; at once (`Away`) while its breaker is open, and `Busy` if its rate has no room,
    for a patient caller after having waited for it.
    """
    found = look_again(connector, action, params, patient=patient)
    if found.refusal is not None:
        raise found.refusal
    return found.before, found.after


def look_again(
    connector: Connector, action: str, params: dict[str, Any], *, patient: bool = True
) -> Outlook:
    """A look for what is proposed already: what would be refused by now is told, not raised.

    Raises what `look` raises where the target cannot be read, or is gone.
    """
    reader = reader_of(connector)
    health.enter(connector, clock=timezone.now, patient=patient)
    with health.watch(connector, clock=timezone.now):
        before = reader.snapshot(action, params)
    try:
        return Outlook(before=before, after=reader.predict(action, params, before))
    except Refused as error:
        return Outlook(before=before, after=before, refusal=error)


def earlier_orders(
    connector: Connector, action: str, params: dict[str, Any], *, patient: bool = True
) -> int | None:
    """How many orders the customer of an action had paid for before the one it is about.

    None where it is about no order, and where the back end does not tell.
    """
    if catalogue.spec(action).order is None:
        return None
    try:
        health.enter(connector, clock=timezone.now, patient=patient)
        with health.watch(connector, clock=timezone.now):
            return reader_of(connector).earlier_orders(str(params["order_id"]))
    except ConnectorError as error:
        log.warning("The earlier orders of a customer could not be read: %s", error)
        return None


def foresee(
    connector: Connector, action: str, params: dict[str, Any], before: dict[str, Any]
) -> dict[str, Any]:
    """The target as it would be after the action, from a known state. No call.

    Raises `Refused` for what the back end is known to refuse.
    """
    return reader_of(connector).predict(action, params, before)


def count_due(connector_id: UUID, *, at_most: int) -> int:
    """How many executions of a connector wait their turn; counts no further than `at_most`."""
    due = Execution.objects.filter(connector_id=connector_id, state=State.DUE)
    return due.values("pk")[:at_most].count()


def executions_of(subject_ids: Iterable[UUID]) -> dict[UUID, Execution]:
    """The newest execution of each of these changes."""
    rows = Execution.objects.filter(subject_id__in=list(subject_ids)).order_by("id")
    return {execution.subject_id: execution for execution in rows}


def stale_executions(*, now: datetime, limit: int) -> list[Execution]:
    """Executions whose approval became void and whose proposal has not been given back."""
    rows = Execution.objects.filter(state=State.STALE, reported=False, not_before__lte=now)
    return list(rows.order_by("not_before", "id")[:limit])


def executions_in(workspace_id: UUID) -> QuerySet[Execution]:
    """All executions of a workspace with their connector, newest first."""
    rows = Execution.objects.filter(workspace_id=workspace_id).select_related("connector")
    return rows.order_by("-id")


def sample(
    *, kind: str, address: str, secret: str, settings: dict[str, str], resource: str
) -> Sequence[Record]:
    """A few rows from a system that is no connector yet, to see whether it could be one.

    Raises `LookupError` and `ValueError` for what no client can be built from, and the
    `ConnectorError`s of `connectors.base`.
    """
    with stranger(kind, address=address, secret=secret, settings=settings) as reader:
        return reader.read(resource, **registry.first_look(kind).query)


def asked_first(kind: str, settings: dict[str, str]) -> list[str]:
    """What a system of these settings is read for to see whether it works."""
    return registry.asked_first(kind, settings)


def hints(kind: str) -> tuple[str, str]:
    """What helps when a key is not accepted, and when something unexpected answers."""
    look = registry.first_look(kind)
    return look.key_hint, look.address_hint


def greet(*, kind: str, address: str, secret: str, settings: dict[str, str]) -> None:
    """Ask a system that nothing is read from whether it lets one in. Raises what `sample` does."""
    with stranger(kind, address=address, secret=secret, settings=settings) as reader:
        reader.greet()


def offered(connectors: Iterable[Connector]) -> set[str]:
    """Names of what can be read from these connectors and of the actions they carry out."""
    found: set[str] = set()
    for connector in connectors:
        found |= readable(connector) | registry.KINDS[connector.kind].actions
    return found
