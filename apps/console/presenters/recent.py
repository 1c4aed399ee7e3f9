"""What a person decided last, and for how long each can still be taken back."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.accounts.models import User
from apps.console.presenters.proposals import TONES
from apps.console.presenters.undoing import Hold, remaining
from apps.gateway import queries as gateway
from apps.gateway.models import Execution
from apps.proposals.models import Change, Proposal, Review, State
from apps.proposals.reading import queue


@dataclass(frozen=True, kw_only=True)
class Recent:
    """One vote: on what, which, how that stands now; `hold` while it can be taken back."""

    proposal: Proposal
    review: Review
    tone: str
    state: str
    hold: Hold | None

    @property
    def verdict(self) -> str:
        """The vote in a word."""
        return "Approved" if self.review.verdict == "approve" else "Rejected"


def recent(user: User, workspace_id: UUID, *, now: datetime) -> list[Recent]:
    """The person's last ten votes, newest first; three queries at most."""
    votes = queue.recent(user, workspace_id)
    held = executions_of(
        review.proposal_id for review in votes if review.proposal.state == State.APPROVED
    )
    return [
        Recent(
            proposal=review.proposal,
            review=review,
            tone=TONES[State(review.proposal.state)],
            state=str(review.proposal.get_state_display()),
            hold=hold_of(review, held.get(review.proposal_id, []), now=now),
        )
        for review in votes
    ]


def hold_of(vote: Review, executions: Iterable[Execution], *, now: datetime) -> Hold | None:
    """How long this vote can be taken back; None for one that decided nothing, or no longer."""
    if vote.verdict != "approve" or vote.binding != vote.proposal.binding:
        return None
    return remaining(State(vote.proposal.state), executions, now=now)


def executions_of(proposal_ids: Iterable[UUID]) -> dict[UUID, list[Execution]]:
    """The executions of these proposals; no query without any."""
    wanted = list(proposal_ids)
    if not wanted:
        return {}
    owner = dict(Change.objects.filter(proposal_id__in=wanted).values_list("pk", "proposal_id"))
    found: dict[UUID, list[Execution]] = defaultdict(list)
    for change_id, execution in gateway.executions_of(owner).items():
        found[owner[change_id]].append(execution)
    return found
