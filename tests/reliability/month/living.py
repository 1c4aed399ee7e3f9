"""The month goes through the whole product: the desk runs, and people approve whatever waits."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from apps.accounts.models import User
from apps.agents import operations as agents
from apps.agents.models import Agent
from apps.proposals import operations as proposals
from apps.proposals.evidence import DISSENT, UNMEASURED
from apps.proposals.models import Proposal, State
from apps.proposals.operations import (
    AlreadyDecided,
    NotAuthorised,
    StaleApproval,
)
from tests.factories.agents import drive
from tests.factories.proposals import look_at

MARKS = (DISSENT, UNMEASURED)  # evidence that says a model is on its own
HELD = timedelta(minutes=2)  # longer than any hold window
MOST_ROUNDS = 60


Heeds = Callable[[Proposal], bool]  # whether people see that a marked proposal is wrong


def live(agent: Agent, people: Sequence[User], heeds: Heeds) -> None:
    """Runs of the desk until one finds nothing to do, each followed by the people's work.

    They approve everything, so that what the product plans wrongly reaches the shop and is found
    there; but where it says that a model and the rules differ, they look (`heeds`), and reject.
    """
    later = count(1)
    for _ in range(MOST_ROUNDS):
        now = timezone.now() + next(later) * HELD
        before = Proposal.objects.filter(workspace=agent.workspace).count()
        agents.start(agent=agent, trigger="schedule", by="clock", now=now)
        drive(lambda now=now: now)
        decided = decide_all(agent, people, heeds, now=now)
        drive(lambda now=now: now + HELD)
        made = Proposal.objects.filter(workspace=agent.workspace).count() - before
        if not made and not decided:
            return
    raise AssertionError(f"The desk is not done after {MOST_ROUNDS} runs.")


def decide_all(
    agent: Agent, people: Sequence[User], heeds: Heeds, *, now: datetime
) -> int:  # fmt: skip
    """Everything that waits, decided by as many people as it needs; how many were."""
    waiting = Proposal.objects.filter(workspace=agent.workspace, state=State.WAITING)
    decided = 0
    for proposal in waiting.order_by("pk"):
        if any(one["kind"] in MARKS for one in proposal.evidence) and heeds(proposal):
            look_at(proposal, people[0], now=now)
            proposals.reject(
                proposal_id=proposal.pk, user=people[0], binding=proposal.binding,
                reason="The model has misread it.", now=now,
            )  # fmt: skip
            decided += 1
        else:
            decided += approve(proposal, people, now=now)
    return decided


def approve(proposal: Proposal, people: Sequence[User], *, now: datetime) -> bool:
    """One after the other says yes, until it is enough. Whether anybody could."""
    said = False
    for person in people:
        try:
            look_at(proposal, person, now=now)
            proposals.approve(
                proposal_id=proposal.pk, user=person, binding=proposal.binding, now=now
            )
        except (AlreadyDecided, NotAuthorised, StaleApproval):
            continue
        said = True
        proposal.refresh_from_db()
        if proposal.state != State.WAITING:
            break
    return said
