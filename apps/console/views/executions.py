"""Executions: the list, one in full, its dry run, and putting what was set aside to a reviewer."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated, seated
from apps.console.names import tell_all
from apps.console.presenters import executions as words
from apps.console.presenters.proposals import card
from apps.console.presenters.values import rows
from apps.console.views.history import PAGE_SIZE, read_cursor
from apps.gateway import queries as gateway
from apps.gateway.catalogue import ACTIONS
from apps.gateway.models import Connector, Execution, State
from apps.insights import executions as insights
from apps.insights.executions import ExecutionView
from apps.insights.stuck import why_stuck
from apps.proposals import operations
from apps.proposals.refusals import REFUSALS, refusal_of

ENDED = (State.DONE, State.REFUSED, State.CANCELLED, State.COMPENSATED)  # nothing comes next


@require_safe
@seated
def show_executions(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A page of executions, newest first; `state`, `connector`, `action` narrow it."""
    connectors = Connector.objects.filter(workspace_id=seat.workspace.pk).order_by("name")
    wanted = read_filters(request.GET)
    found = insights.listed(
        seat.workspace.pk, **wanted, before=read_cursor(request), limit=PAGE_SIZE + 1
    )
    shown = found[:PAGE_SIZE]
    context = {
        "rows": [row(entry) for entry in shown],
        "older": shown[-1].execution.pk if len(found) > PAGE_SIZE else None,
        "cursor": read_cursor(request),
        "wanted": wanted,
        "is_narrowed": any(wanted.values()),
        "states": State.choices,
        "actions": [(spec.name, spec.title) for spec in ACTIONS.values()],
        "connectors": list(connectors),
    }
    return page.show(request, seat, "console/executions.html", context)


def read_filters(asked: QueryDict) -> dict[str, Any]:
    """What the list is narrowed by; values nobody knows narrow nothing."""
    try:
        connector_id = UUID(asked.get("connector", ""))
    except ValueError:
        connector_id = None
    state, action = asked.get("state", ""), asked.get("action", "")
    return {
        "state": state if state in State.values else "",
        "connector_id": connector_id,
        "action": action if action in ACTIONS else "",
    }


def row(row: insights.Listed) -> dict[str, Any]:
    """A row of a list of executions."""
    execution = row.execution
    return {
        "execution": execution,
        "proposal": row.change.proposal if row.change else None,
        "title": words.title_of(execution.action),
        "tone": words.tone_of(execution),
    }


@require_safe
@seated
def show_execution(request: ConsoleRequest, seat: Seat, execution_id: UUID) -> HttpResponseBase:
    """One execution in full; only its part when htmx asks for it."""
    after = audit.last_index()
    context = build(seat, find(seat, execution_id), seen=after)
    if page.is_part_wanted(request, "execution"):
        return page.show_part(request, "console/execution/execution.html", context)
    return page.show(request, seat, "console/execution.html", context, after=after)


def find(seat: Seat, execution_id: UUID) -> ExecutionView:
    """The execution, if it is of this workspace; else 404."""
    try:
        return insights.detail(seat.workspace.pk, execution_id)
    except Execution.DoesNotExist:
        raise Http404("This workspace has no such execution.") from None


def build(seat: Seat, view: ExecutionView, *, seen: int) -> dict[str, Any]:
    """The context of `console/execution/execution.html`; `seen` is the newest event it may show."""
    now = timezone.now()
    execution = view.execution
    receipt = execution.receipt or {}
    return {
        "seat": seat,
        "seen": seen,
        "execution": execution,
        "title": words.title_of(execution.action),
        "tone": words.tone_of(execution),
        "proposal": view.change.change.proposal if view.change else None,
        "card": card(view.change) if view.change else None,
        "params": words.params_of(execution),
        "attempts": words.attempts(view.events),
        "grants": [words.permission(grant, now=now) for grant in view.grants],
        "steps": words.steps_of(execution),
        "answer": list(rows(receipt["after"])) if isinstance(receipt.get("after"), dict) else [],
        "timeline": tell_all(seat.workspace.pk, view.events),
        "why": why_stuck(seat.workspace.pk, execution.pk, now=now),
        "is_held": execution.state == State.DUE and execution.not_before > now,
        "can_dry_run": execution.state not in ENDED,
    }


@require_POST
@operated
def dry_run(request: ConsoleRequest, seat: Seat, execution_id: UUID) -> HttpResponseBase:
    """What the next attempt would do now and why not; reads the back end, writes nothing."""
    execution = gateway.executions_in(seat.workspace.pk).filter(pk=execution_id).first()
    if execution is None:
        raise Http404("This workspace has no such execution.")
    found = operations.dry_run_execution(execution, now=timezone.now())
    context = {"run": words.dry_run(found), "execution": execution}
    if request.htmx:
        return page.show_part(request, "console/execution/dry_run.html", context)
    after = audit.last_index()
    context |= build(seat, find(seat, execution_id), seen=after)
    return page.show(request, seat, "console/execution.html", context, after=after)


@require_POST
@operated
def resubmit(request: ConsoleRequest, seat: Seat, execution_id: UUID) -> HttpResponseBase:
    """Put the proposal of what was set aside before a reviewer again, with a reason."""
    after = audit.last_index()
    view = find(seat, execution_id)
    if view.change is None:
        raise Http404("The proposal of this execution is not here.")
    try:
        proposal = operations.resubmit(
            proposal_id=view.change.change.proposal_id,
            user=seat.user,
            reason=request.POST.get("reason", "").strip(),
            now=timezone.now(),
        )
    except tuple(REFUSALS) as error:
        context = {**build(seat, view, seen=after), "form_error": str(error)}
        refusal = refusal_of(error)
        status = refusal.status if refusal else 409
        return page.show(request, seat, "console/execution.html", context, status=status)
    return redirect("console:proposal", proposal_id=proposal.pk)
