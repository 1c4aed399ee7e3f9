"""Runs of agents: the list, and one with its steps, proposals and live trace."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_GET

from apps.agents import queries
from apps.agents.models import Run, State
from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.names import tell_all
from apps.console.presenters import proposals as words
from apps.console.views.history import PAGE_SIZE, read_cursor
from apps.proposals.models import Proposal
from apps.proposals.models import State as ProposalState

TONES = {
    State.RUNNING: "busy",
    State.WAITING: "warn",
    State.DONE: "good",
    State.FAILED: "bad",
    State.CANCELLED: "",
    State.ESCALATED: "warn",
}
NEWEST = 200  # stored events shown before the live ones


@require_GET
@seated
def show_runs(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A page of runs, newest first; `before` is the cursor."""
    found = queries.runs_of(seat.workspace.pk)
    if cursor := read_cursor(request):
        found = found.filter(pk__lt=cursor)
    runs = list(found[: PAGE_SIZE + 1])
    context = {
        "rows": [{"run": run, "tone": TONES[State(run.state)]} for run in runs[:PAGE_SIZE]],
        "older": runs[PAGE_SIZE - 1].pk if len(runs) > PAGE_SIZE else None,
        "cursor": cursor,
    }
    return page.show(request, seat, "console/runs.html", context)


@require_GET
@seated
def show_run(request: ConsoleRequest, seat: Seat, run_id: UUID) -> HttpResponseBase:
    """One run; its trace goes on live from the newest stored event."""
    after = audit.last_index()
    try:
        view = queries.run(seat.workspace.pk, run_id)
    except Run.DoesNotExist:
        raise Http404("This workspace has no such run.") from None
    events = audit.latest(workspace_id=seat.workspace.pk, run_id=run_id, limit=NEWEST)
    context = {
        "run": view.run,
        "tone": TONES[State(view.run.state)],
        "steps": view.steps,
        "proposals": [proposal_row(one) for one in view.proposals],
        "events": tell_all(seat.workspace.pk, events),
    }
    if page.is_part_wanted(request, "run"):
        return page.show_part(request, "_components/run.html", context)
    seen = max([after, *(event.index for event in events)])
    return page.show(request, seat, "console/run.html", context, after=seen)


def proposal_row(proposal: Proposal) -> dict[str, Any]:
    """A proposal of the run in the list."""
    tone = words.TONES[ProposalState(proposal.state)]
    return {"proposal": proposal, "amount": words.amount_of(proposal), "tone": tone}
