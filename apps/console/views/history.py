"""Proposals that no longer wait, newest first."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import TONES, amount_of
from apps.insights.names import agents_of
from apps.proposals import queries
from apps.proposals.models import Proposal, Review, State
from apps.proposals.reading.search import newest

PAGE_SIZE = 50
DECIDED = {
    State.APPROVED: "Under way",
    State.DONE: "Done",
    State.UNDONE: "Undone",
    State.DENIED: "Denied",
    State.REJECTED: "Rejected",
    State.FAILED: "Failed",
    State.NEEDS_PERSON: "Needs a person",
    State.EXPIRED: "Expired",
}
DECIDERS = {"": "Anybody", "me": "Me", "policy": "Policy alone"}


@require_safe
@seated
def show_history(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A page of decided proposals, narrowed by what is asked; `before` is the cursor."""
    agents = agents_of(seat.workspace.pk)
    asked = read_filters(request, agents)
    found = narrow(seat, asked)
    cursor = read_cursor(request)
    if cursor:
        found = found.filter(pk__lt=cursor)
    proposals = newest(found, asked["q"], limit=PAGE_SIZE + 1)
    shown = proposals[:PAGE_SIZE]
    context = {
        **asked,
        "rows": [
            {
                "proposal": proposal,
                "amount": amount_of(proposal),
                "tone": TONES[State(proposal.state)],
            }
            for proposal in shown
        ],
        "states": [{"value": state.value, "short": words} for state, words in DECIDED.items()],
        "deciders": list(DECIDERS.items()),
        "agents": sorted(agents.items(), key=lambda pair: pair[1].casefold()),
        "older": shown[-1].pk if len(proposals) > PAGE_SIZE else None,
        "cursor": cursor,
        "is_narrowed": any(asked.values()),
    }
    return page.show(request, seat, "console/history.html", context)


def read_filters(request: ConsoleRequest, agents: Mapping[str, str]) -> dict[str, str]:
    """What the person looks for; what does not exist is passed over."""
    state, by = request.GET.get("state", ""), request.GET.get("by", "")
    agent = request.GET.get("agent", "")
    return {
        "state": state if state in DECIDED else "",
        "by": by if by in DECIDERS else "",
        "agent": agent if agent in agents else "",
        "q": request.GET.get("q", "").strip()[:200],
    }


def narrow(seat: Seat, asked: dict[str, Any]) -> QuerySet[Proposal]:
    """The decided proposals in the state, by the agent, decided by whom is asked for."""
    states = [asked["state"]] if asked["state"] else list(DECIDED)
    found = queries.of_workspace(seat.workspace.pk).filter(state__in=states)
    if asked["by"] == "me":
        votes = Review.objects.filter(reviewer=seat.user, proposal=OuterRef("pk"))
        found = found.filter(Exists(votes))
    elif asked["by"] == "policy":
        found = found.filter(reviewers=0)
    return found.filter(agent_id=asked["agent"]) if asked["agent"] else found


def read_cursor(request: ConsoleRequest) -> UUID | None:
    """The id behind which the page begins; None for the first page."""
    try:
        return UUID(request.GET["before"])
    except (KeyError, ValueError):
        return None
