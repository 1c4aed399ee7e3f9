"""Runs of agents: the list, and one with its steps, proposals and live trace."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.agents import operations, queries
from apps.agents.models import Run, State
from apps.agents.operations import AgentDisabled, AtWork, NotFailed
from apps.audit import queries as audit
from apps.console import page, timeline
from apps.console.access import ConsoleRequest, Seat, operated, seated
from apps.console.presenters import proposals as words
from apps.console.presenters import runs as presenter
from apps.console.presenters.shadow import show_shadow
from apps.console.presenters.trace import filter_of
from apps.console.views.history import PAGE_SIZE, read_cursor
from apps.console.views.trace import filter_context, read_place
from apps.inference import queries as inference
from apps.proposals import queries as proposals
from apps.proposals.models import Proposal
from apps.proposals.models import State as ProposalState

NEWEST = 300  # stored events shown before the live ones


@require_safe
@seated
def show_runs(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A page of runs, newest first; `agent` and `state` narrow it, `before` is the cursor."""
    workspace_id, now = seat.workspace.pk, timezone.now()
    agents = list(queries.agents_of(workspace_id))
    agent = next(
        (
            listed_agent
            for listed_agent in agents
            if str(listed_agent.pk) == request.GET.get("agent")
        ),
        None,
    )
    state = next((stage for stage in State if stage == request.GET.get("state")), None)
    found = queries.runs_of(workspace_id, agent=agent, state=state)
    if cursor := read_cursor(request):
        found = found.filter(pk__lt=cursor)
    runs = list(found[: PAGE_SIZE + 1])
    context = {
        "rows": tell_runs(runs[:PAGE_SIZE], now),
        "agents": agents,
        "agent": agent,
        "states": presenter.STATES,
        "state": state or "",
        "query": presenter.query_of(agent=agent.pk if agent else "", state=state or ""),
        "older": runs[PAGE_SIZE - 1].pk if len(runs) > PAGE_SIZE else None,
        "cursor": cursor,
    }
    return page.show(request, seat, "console/runs.html", context)


def tell_runs(runs: list[Run], now: datetime) -> list[presenter.RunRow]:
    """The runs with what they cost and made; two queries for all of them."""
    ids = [run.pk for run in runs]
    spent, made = inference.spent_by_run(ids), proposals.count_by_run(ids)
    return [presenter.run_row(run, spent.get(run.pk), made.get(run.pk, 0), now=now) for run in runs]


@require_safe
@seated
def show_run(request: ConsoleRequest, seat: Seat, run_id: UUID) -> HttpResponseBase:
    """One run; its trace goes on live from the newest stored event."""
    after = audit.last_index()
    view = find_run(seat, run_id)
    if page.is_part_wanted(request, "run"):
        return page.show_part(request, "_components/run.html", {"seat": seat, **tell_run(view)})
    wanted, before = filter_of(request.GET.dict()), read_place(request)
    found = timeline.find(
        seat.workspace.pk, wanted, run_id=run_id, before=before, limit=NEWEST
    )  # fmt: skip
    context = {
        "run": view.run,
        "stages": presenter.by_stage(found.rows),
        "scale": presenter.scale_of(found.rows),
        "trace": filter_context(wanted, found, before),
        "address": request.path,
        "seen": after,
    }
    if page.is_part_wanted(request, "trace"):
        return page.show_part(request, "_components/trace.html", context)
    return page.show(request, seat, "console/run.html", {**tell_run(view), **context}, after=after)


@require_POST
@operated
def retry(request: ConsoleRequest, seat: Seat, run_id: UUID) -> HttpResponseBase:
    """Have a failed run go on from its last checkpoint; what is in the way is said on its page."""
    view = find_run(seat, run_id)
    try:
        operations.retry(run_id=view.run.pk, by=seat.user.actor, now=timezone.now())
    except (NotFailed, AgentDisabled, AtWork) as error:
        context = {**tell_run(view), "form_error": str(error)}
        return page.show(request, seat, "console/run_refused.html", context, status=409)
    return redirect("console:run", run_id)


def find_run(seat: Seat, run_id: UUID) -> queries.RunView:
    """The run of the person's workspace. Raises `Http404`."""
    try:
        return queries.run(seat.workspace.pk, run_id)
    except Run.DoesNotExist:
        raise Http404("This workspace has no such run.") from None


def tell_run(view: queries.RunView) -> dict[str, Any]:
    """A run with its figures, its steps and what it proposed."""
    spent = inference.spent_by_run([view.run.pk]).get(view.run.pk)
    return {
        "run": view.run,
        "tone": presenter.TONES[State(view.run.state)],
        "icon": presenter.ICONS[State(view.run.state)],
        "figures": presenter.figures(view, spent, now=timezone.now()),
        "steps": presenter.steps(view, spent),
        "proposals": [proposal_row(proposal) for proposal in view.proposals],
        "shadow": show_shadow(queries.shadowed(view.run)),
    }


def proposal_row(proposal: Proposal) -> dict[str, Any]:
    """A proposal of the run in the list."""
    tone = words.TONES[ProposalState(proposal.state)]
    return {"proposal": proposal, "amount": words.amount_of(proposal), "tone": tone}
