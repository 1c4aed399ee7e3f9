"""The queue, and one proposal in full beside it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.recent import recent
from apps.console.views import panel
from apps.console.views.queue import Place, find_place, listing, read_split, row_of, tabs
from apps.gateway import queries as gateway
from apps.proposals import queries
from apps.proposals.models import Proposal
from apps.proposals.reading import queue
from apps.proposals.reading.queue import Split


@require_safe
@seated
def show_inbox(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """A split (`?split=`) with the first proposal the person can take; only the list for htmx."""
    after, now = audit.last_index(), timezone.now()
    split = read_split(request.GET) or Split.ALL
    place = find_place(seat, split, after=None, now=now)
    if page.is_part_wanted(request, "list"):
        context = listing(seat, place, now=now, selected=request.GET.get("selected", ""))
        return page.show_part(request, "console/inbox/list.html", context)
    context = listing(seat, place, now=now)
    first = place.next or next((row.proposal for row in context["rows"]), None)
    if first:
        view = panel.find(seat, first.pk)
        behind = find_place(seat, split, after=first, now=now)
        context |= panel.build(seat, view, behind, seen=after, chosen=False)
        context["selected"] = str(first.pk)
    elif seat.operates and not gateway.connectors_of(seat.workspace.pk):
        return redirect("console:guide")  # nothing can come before a shop is connected
    return page.show(request, seat, "console/inbox.html", surround(seat, context), after=after)


@require_safe
@seated
def show_proposal(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """One proposal beside the list; only the proposal when htmx asks for it."""
    after, now = audit.last_index(), timezone.now()
    view = panel.find(seat, proposal_id)
    place = find_place(seat, read_split(request.GET), after=view.proposal, now=now)
    chosen = request.GET.get("chosen") != "0"
    context = panel.build(seat, view, place, seen=after, chosen=chosen)
    if page.is_part_wanted(request, "panel"):
        return page.show_part(request, "console/inbox/panel.html", context)
    context |= listing(seat, place, now=now, selected=str(proposal_id))
    return page.show(request, seat, "console/inbox.html", surround(seat, context), after=after)


@require_safe
@seated
def show_row(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """One row of the list as it is now, in its split (`?split=`)."""
    found = queries.of_workspace(seat.workspace.pk).select_related("claimed_by")
    try:
        proposal = found.get(pk=proposal_id)
    except Proposal.DoesNotExist:
        raise Http404("This workspace has no such proposal.") from None
    split = read_split(request.GET) or Split.ALL
    place = Place(split=split, counts={}, next=None, is_walked=True)
    row = row_of(proposal, seat.user, split, now=timezone.now())
    return page.show_part(request, "console/inbox/row.html", {"row": row, "place": place})


@require_safe
@seated
def show_count(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """How many wait, in all and by split; refreshed whenever a proposal comes or goes."""
    split = read_split(request.GET)
    counts = queue.split_counts(seat.workspace.pk, seat.user, now=timezone.now())
    place = Place(split=split or Split.ALL, counts=counts, next=None, is_walked=split is not None)
    context = {"waiting": counts[Split.ALL], "place": place, "splits": tabs(place)}
    return page.show_part(request, "console/inbox/counts.html", context)


@require_safe
@seated
def show_recent(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The person's last decisions, as they stand now."""
    split = read_split(request.GET)
    place = Place(split=split or Split.ALL, counts={}, next=None, is_walked=split is not None)
    context = {"recent": recent(seat.user, seat.workspace.pk, now=timezone.now()), "place": place}
    return page.show_part(request, "console/inbox/recent.html", context)


def surround(seat: Seat, context: dict[str, Any]) -> dict[str, Any]:
    """The context of a whole page: with the person's last decisions."""
    return {**context, "recent": recent(seat.user, seat.workspace.pk, now=timezone.now())}
