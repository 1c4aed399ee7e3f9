"""What people made of an agent's proposals: right as proposed, or not."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from apps.proposals.models import Change, Proposal, Question, Review, State

SPAN = timedelta(days=180)  # how long a judgement says something of today
MOST = 2_000  # of the newest reviews; what is read does not grow with history
DECIDED = (State.APPROVED, State.DONE, State.REJECTED, State.FAILED, State.NEEDS_PERSON,
           State.UNDONE)  # fmt: skip

Judged = tuple[Mapping[str, Any], bool]


def judged(workspace_id: UUID, *, playbook: str, now: datetime) -> list[Judged]:
    """The lately judged proposals of a playbook's agents: their case, and whether it was right.

    Right is what people approved as it was proposed and let stand. What passed alone is left out.
    """
    reviews = Review.objects.filter(workspace_id=workspace_id, at__gte=now - SPAN)
    newest = list(reviews.order_by("-at").values_list("proposal_id", "verdict")[:MOST])
    rejected = {proposal for proposal, verdict in newest if verdict != "approve"}
    edited = Change.objects.filter(~Q(params=F("proposed")), proposal=OuterRef("pk"))
    asked = Question.objects.filter(~Q(changed=[]), proposal=OuterRef("pk"))
    rows = Proposal.objects.filter(
        pk__in={proposal for proposal, _ in newest},
        playbook=playbook,
        agent_id__isnull=False,
        state__in=DECIDED,
    ).annotate(altered=Exists(edited) | Exists(asked))
    return [
        (case, not altered and state != State.UNDONE and pk not in rejected)
        for pk, case, state, altered in rows.values_list("pk", "case", "state", "altered")
    ]
