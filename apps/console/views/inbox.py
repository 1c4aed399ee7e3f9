"""The inbox, and one proposal in full beside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import amount_of
from apps.console.views import panel
from apps.insights import queries as insights
from apps.proposals import queries
from apps.proposals.models import Proposal, State

DUE_SOON_HOURS = 12


@require_GET
@seated
def show_inbox(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What waits, with the first in full; only the list when htmx asks for it."""
    after = audit.last_index()
    waiting = queries.inbox(seat.workspace.pk)
    if page.is_part_wanted(request, "list"):
        context = listing(seat, waiting, selected=request.GET.get("selected", ""))
        context["waiting"] = page.count_waiting(seat.workspace.pk)
        return page.show_part(request, "_components/list.html", context)
    context = listing(seat, waiting)
    if waiting:
        view = panel.find(seat, waiting[0].pk)
        context |= panel.build(seat, view, waiting, seen=after, chosen=False)
        context["selected"] = str(waiting[0].pk)
    return page.show(request, seat, "console/inbox.html", context, after=after)


@require_GET
@seated
def show_proposal(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """One proposal beside the list; only the proposal when htmx asks for it."""
    after = audit.last_index()
    view = panel.find(seat, proposal_id)
    waiting = queries.inbox(seat.workspace.pk)
    chosen = request.GET.get("chosen") != "0"
    context = panel.build(seat, view, waiting, seen=after, chosen=chosen)
    if page.is_part_wanted(request, "panel"):
        return page.show_part(request, "_components/panel.html", context)
    context |= listing(seat, waiting, selected=str(proposal_id))
    return page.show(request, seat, "console/inbox.html", context, after=after)


@require_GET
@seated
def show_count(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """How many wait; refreshed whenever a proposal comes or goes."""
    context = {"waiting": page.count_waiting(seat.workspace.pk)}
    return page.show_part(request, "_components/count.html", context)


def listing(seat: Seat, waiting: Sequence[Proposal], *, selected: str = "") -> dict[str, Any]:
    """The list: its rows, which of them is shown in full, and what the day has brought."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    today = insights.overview(seat.workspace.pk, since=midnight)
    return {"rows": rows(waiting), "selected": selected, "today": today}


def rows(waiting: Sequence[Proposal]) -> list[dict[str, Any]]:
    """The rows of the list."""
    now = timezone.now()
    return [
        {"proposal": one, "amount": amount_of(one), "due_soon": is_due_soon(one, now)}
        for one in waiting
    ]


def is_due_soon(proposal: Proposal, now: datetime) -> bool:
    """Whether it expires before the day is over; only what waits for a decision can expire."""
    is_open = proposal.state == State.WAITING
    return is_open and (proposal.expires_at - now).total_seconds() < DUE_SOON_HOURS * 3600
