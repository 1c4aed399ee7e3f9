"""How things stand this moment: what waits, since when, and what is not mended yet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, Q

from apps.gateway.models import Breaker, Circuit, Execution
from apps.gateway.models import State as ExecutionState
from apps.inference.models import Breaker as ModelBreaker
from apps.proposals.models import Proposal, State


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Open work. `oldest` is when the longest waiting proposal was submitted, if one waits."""

    waiting: int
    oldest: datetime | None
    needs_person: int
    unknown: int
    breakers: int


def standing(workspace_id: UUID) -> Standing:
    """What is open now; four statements, each over an index of what is open."""
    for_a_person = Proposal.objects.filter(
        workspace_id=workspace_id, state__in=(State.WAITING, State.NEEDS_PERSON)
    )
    waits = Q(state=State.WAITING)
    found = for_a_person.aggregate(
        waiting=Count("pk", filter=waits),
        oldest=Min("created_at", filter=waits),
        needs_person=Count("pk", filter=~waits),
    )
    unproven = Execution.objects.filter(workspace_id=workspace_id, state=ExecutionState.UNKNOWN)
    away = Breaker.objects.filter(workspace_id=workspace_id).exclude(circuit=Circuit.CLOSED)
    models = ModelBreaker.objects.filter(workspace_id=workspace_id)
    silent = models.exclude(circuit=Circuit.CLOSED.value)
    breakers = away.count() + silent.count()
    return Standing(unknown=unproven.count(), breakers=breakers, **found)
