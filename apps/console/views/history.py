"""Proposals that no longer wait, newest first."""

from uuid import UUID

from django.http import HttpResponseBase
from django.views.decorators.http import require_GET

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import TONES, amount_of
from apps.proposals import queries
from apps.proposals.models import State

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


@require_GET
@seated
def show_history(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A page of decided proposals; `state` narrows it, `before` is the cursor."""
    wanted = [state for state in DECIDED if state == request.GET.get("state")]
    found = queries.of_workspace(seat.workspace.pk).filter(state__in=wanted or list(DECIDED))
    if cursor := read_cursor(request):
        found = found.filter(pk__lt=cursor)
    proposals = list(found[: PAGE_SIZE + 1])
    shown = proposals[:PAGE_SIZE]
    context = {
        "rows": [
            {"proposal": one, "amount": amount_of(one), "tone": TONES[State(one.state)]}
            for one in shown
        ],
        "states": [{"value": state.value, "short": words} for state, words in DECIDED.items()],
        "state": wanted[0] if wanted else "",
        "older": shown[-1].pk if len(proposals) > PAGE_SIZE else None,
        "cursor": cursor,
    }
    return page.show(request, seat, "console/history.html", context)


def read_cursor(request: ConsoleRequest) -> UUID | None:
    """The id behind which the page begins; None for the first page."""
    try:
        return UUID(request.GET["before"])
    except (KeyError, ValueError):
        return None
