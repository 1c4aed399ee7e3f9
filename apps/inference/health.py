"""Whether a model answers, as all workers together know it: a breaker for each, in PostgreSQL.

A model that is away is not asked again and again by every conversation: after so many failures in
a row it is left alone, and `ModelUnavailable` is there at once, so that rules plan. One call tries
from time to time and closes the breaker. The rules are those of the gateway's back ends
(`apps.breaker`), but for one: failures are counted side by side, since a model thinks for half a
minute and one failure must not make all others wait.

A model in order costs one read; nothing is locked or written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.audit.event import Event
from apps.audit.events.guards import BreakerClosed, BreakerOpened
from apps.audit.operations import record
from apps.breaker.circuit import Breaker as State
from apps.breaker.circuit import Circuit, Limits
from apps.inference.models import Breaker
from apps.inference.providers.base import ProviderError


class LeftAlone(ProviderError):
    """The model failed again and again and is not asked for now."""

    repeatable = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """A model at an endpoint, for a workspace."""

    workspace: Workspace
    endpoint: str
    model: str


def limits() -> Limits:
    """What the operator has set."""
    return Limits(
        failures=settings.MODEL_BREAKER_FAILURES,
        first=timedelta(seconds=settings.MODEL_BREAKER_SECONDS),
        longest=timedelta(seconds=settings.MODEL_BREAKER_LONGEST_SECONDS),
        trial=timedelta(0),
    )


def enter(place: Place, *, now: datetime) -> None:
    """Before a call. Raises `LeftAlone` while the breaker is open and it is not time to try."""
    row = _rows(place).first()
    if row is None or not _state(row).away:
        return
    with transaction.atomic():
        row = _rows(place).select_for_update().get()
        before = _state(row)
        after, passed = before.admit(1, now=now, limits=limits())
        if after != before:
            _keep(row, after)
    if not passed:
        until = after.refused_until(now=now)
        raise LeftAlone(
            f"not asked until {until:%H:%M:%S} UTC, it failed {row.failures} times: {row.error}"
        )


def note(place: Place, error: ProviderError | None, *, now: datetime) -> None:
    """After a call. A refusal is an answer too: it is about the question, not the model."""
    answered = error is None or (not error.repeatable and not error.may_be_billed)
    if answered and not _rows(place).exclude(circuit=Circuit.CLOSED.value, failures=0).exists():
        return
    with transaction.atomic():
        row = _locked(place)
        before = _state(row)
        after = before.succeed() if answered else before.fail(now=now, limits=limits())
        if after == before:
            return
        row.error = "" if answered else str(error)[:300]
        _keep(row, after)
        if after.away and before.circuit is Circuit.CLOSED:
            opened = BreakerOpened(name=named(row), failures=after.failures, error=row.error)
            _tell(row, opened, now=now)
        elif before.away and not after.away:
            _tell(row, BreakerClosed(name=named(row)), now=now)


def _rows(place: Place) -> QuerySet[Breaker]:
    return Breaker.objects.filter(
        workspace=place.workspace, endpoint=place.endpoint, model=place.model
    )


def _locked(place: Place) -> Breaker:
    """The row for this transaction, made if there is none."""
    fresh = Breaker(workspace=place.workspace, endpoint=place.endpoint, model=place.model)
    Breaker.objects.bulk_create([fresh], ignore_conflicts=True)
    return _rows(place).select_for_update().get()


def _state(row: Breaker) -> State:
    return State(
        circuit=Circuit(row.circuit),
        failures=row.failures,
        opened_at=row.opened_at,
        probe_at=row.probe_at,
    )


def _keep(row: Breaker, state: State) -> None:
    row.circuit, row.failures = state.circuit.value, state.failures
    row.opened_at, row.probe_at = state.opened_at, state.probe_at
    row.save()


def named(row: Breaker) -> str:
    """The model in a sentence."""
    return f"the model {row.model}"


def _tell(row: Breaker, event: Event, *, now: datetime) -> None:
    """Record an event about the breaker; operators are told of one that opens."""
    record(
        event,
        workspace_id=row.workspace_id,
        actor="inference",
        subject_kind="model",
        subject_id=row.pk,
        now=now,
    )
