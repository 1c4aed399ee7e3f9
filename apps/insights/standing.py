"""How things stand this moment: what waits, since when, and what is not mended yet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, Subquery

from apps.agents.models import Agent, Run
from apps.agents.models import State as RunState
from apps.gateway.models import Breaker, Circuit, Execution
from apps.gateway.models import State as ExecutionState
from apps.inference.models import Breaker as ModelBreaker
from apps.proposals.models import Proposal, State


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Open work. `oldest` is when the longest waiting proposal was submitted, if one waits.

    `failed` counts the agents whose newest run failed: no later one has made up for it.
    """

    waiting: int
    oldest: datetime | None
    needs_person: int
    unknown: int
    breakers: int
    failed: int


def standing(workspace_id: UUID) -> Standing:
    """What is open now; five statements, each over an index of what is open or newest."""
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
    newest = Run.objects.filter(agent=OuterRef("pk")).order_by("-id").values("state")[:1]
    agents = Agent.objects.filter(workspace_id=workspace_id).annotate(newest=Subquery(newest))
    return Standing(
        unknown=unproven.count(),
        breakers=away.count() + silent.count(),
        failed=agents.filter(newest=RunState.FAILED).count(),
        **found,
    )
