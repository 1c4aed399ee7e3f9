"""Everything that happens in the workspace, as it happens."""

from django.http import HttpResponseBase
from django.views.decorators.http import require_GET

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.names import tell_all

NEWEST = 100  # stored events shown before the live ones


@require_GET
@seated
def show_trace(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The newest events; the page goes on live from the last of them."""
    events = audit.latest(workspace_id=seat.workspace.pk, limit=NEWEST)
    context = {"events": tell_all(seat.workspace.pk, events)}
    after = events[0].index if events else 0
    return page.show(request, seat, "console/trace.html", context, after=after)
