"""Opening a section of a proposal: recorded, because an approval may depend on it."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.views import panel
from apps.console.views.outcome import REFUSED, show_form_error
from apps.console.views.queue import find_place, read_split
from apps.proposals import operations
from apps.proposals.queries import DECISIVE

SECTIONS = (DECISIVE,)


@require_POST
@seated
def open_section(
    request: ConsoleRequest, seat: Seat, proposal_id: UUID, section: str
) -> HttpResponseBase:
    """Show what the proposal rests on; from then on the proposer's word is shown as well.

    Without JavaScript it leads back to the page, at the evidence.
    """
    if section not in SECTIONS:
        raise Http404("A proposal has no such section.")
    panel.find(seat, proposal_id)
    now = timezone.now()
    try:
        opened = operations.open_section(
            proposal_id=proposal_id,
            user=seat.user,
            binding=request.POST.get("binding", ""),
            section=section,
            now=now,
        )
    except REFUSED as error:
        return show_form_error(request, seat, proposal_id, "open", error)
    place = find_place(seat, read_split(request.POST), after=opened, now=now)
    if not request.htmx:
        return redirect(f"{place.address(proposal_id)}#evidence")
    seen = audit.last_index()
    view = panel.find(seat, proposal_id)
    context = panel.build(seat, view, place, seen=seen, chosen=True)
    return page.show_part(request, "console/inbox/panel.html", context)
