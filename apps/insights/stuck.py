"""Work that waits longer than it should, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
)

from apps.gateway import queries as gateway
from apps.gateway.models import OPEN, Circuit, Execution, State
from apps.gateway.switches import stopping
from apps.insights.executions import HEAVY, with_changes
from apps.proposals.models import Change
from apps.proposals.models import State as ProposalState

LATE = timedelta(minutes=1)  # after which a worker should have taken what is due
UNFINISHED = (State.DUE, State.CLAIMED, State.CALLING, State.UNKNOWN)
SET_ASIDE = (State.NEEDS_PERSON, State.PARKED)
UNSETTLED = (ProposalState.APPROVED, ProposalState.NEEDS_PERSON)


class Why(TextChoices):
    """Why work is stuck, the most pressing first; each with the phrase a person reads."""

    NEEDS_PERSON = "needs_person", "A person has to say whether it happened"
    PARKED = "parked", "Set aside: its worker died again and again"
    UNKNOWN = "unknown", "Not proven yet; it is read back again and again"
    LAPSED = "lapsed", "Its worker has given no sign of life"
    STOPPED = "stopped", "A kill switch stops it"
    SWITCHED_OFF = "switched_off", "Its connector is switched off"
    BREAKER = "breaker", "The breaker of its connector is open"
    AWAY = "away", "Tried before and put off"
    LATE = "late", "Due, and no worker has taken it"
    STALE = "stale", "Void, and not yet given back to its reviewers"


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """An execution that waits too long; `change` has its proposal loaded (None: not there)."""

    execution: Execution
    change: Change | None
    why: Why


def reason(now: datetime) -> Case:
    """Why an execution waits too long, as a column; empty if it does not."""
    due = Q(state=State.DUE)
    away = [Circuit.OPEN, Circuit.HALF_OPEN]
    return Case(
        When(state=State.NEEDS_PERSON, then=Value(Why.NEEDS_PERSON)),
        When(state=State.PARKED, then=Value(Why.PARKED)),
        When(state=State.UNKNOWN, then=Value(Why.UNKNOWN)),
        When(state__in=[State.CLAIMED, State.CALLING], lease_until__lt=now, then=Value(Why.LAPSED)),
        When(due & Q(stopping()), then=Value(Why.STOPPED)),
        When(due & Q(connector__enabled=False), then=Value(Why.SWITCHED_OFF)),
        When(due & Q(connector__breaker__circuit__in=away), then=Value(Why.BREAKER)),
        When(due & ~Q(error=""), then=Value(Why.AWAY)),
        When(due & Q(not_before__lt=now - LATE), then=Value(Why.LATE)),
        When(state=State.STALE, then=Value(Why.STALE)),
        default=Value(""),
    )


def stuck_in(workspace_id: UUID, *, now: datetime) -> QuerySet[Any]:
    """Stuck executions of the workspace, each with its `why`, oldest first.

    What was set aside is stuck until its proposal ends, or is carried out by a newer execution.
    """
    newer = Execution.objects.filter(subject_id=OuterRef("subject_id"), pk__gt=OuterRef("pk"))
    unsettled = Change.objects.filter(pk=OuterRef("subject_id"), proposal__state__in=UNSETTLED)
    waits = Q(state__in=UNFINISHED)
    aside = Q(Exists(unsettled), ~Exists(newer), state__in=SET_ASIDE)
    void = Q(state=State.STALE, reported=False, finished_at__lt=now - LATE)
    rows = gateway.executions_in(workspace_id).filter(OPEN)  # what the index holds
    rows = rows.filter(waits | aside | void)
    return rows.annotate(why=reason(now)).exclude(why="").order_by("id")


def count_by_why(workspace_id: UUID, *, now: datetime) -> dict[Why, int]:
    """How much is stuck, by why, the most pressing first; one query."""
    rows = stuck_in(workspace_id, now=now).order_by().values("why").annotate(n=Count("pk"))
    found = {row["why"]: row["n"] for row in rows}
    return {why: found[why] for why in Why if why in found}


def stuck(
    workspace_id: UUID, *, now: datetime, why: str = "", after: UUID | None = None, limit: int
) -> list[Stuck]:
    """Stuck work behind `after`, oldest first, of one kind if `why` says so; two queries."""
    rows = stuck_in(workspace_id, now=now).defer(*HEAVY)
    if why:
        rows = rows.filter(why=why)
    if after:
        rows = rows.filter(pk__gt=after)
    found = list(rows[:limit])
    reasons = [Why(row.why) for row in found]
    return [
        Stuck(execution=entry.execution, change=entry.change, why=reason)
        for entry, reason in zip(with_changes(found), reasons, strict=True)
    ]


def why_stuck(workspace_id: UUID, execution_id: UUID, *, now: datetime) -> Why | None:
    """Why this execution is stuck; None if it is not. One query."""
    row = stuck_in(workspace_id, now=now).filter(pk=execution_id).values_list("why", flat=True)
    found = row.first()
    return Why(found) if found else None
