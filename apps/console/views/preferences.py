"""Small choices of the signed-in person: which workspace, and single keys or not."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.accounts import operations as accounts
from apps.console.access import ConsoleRequest, Seat, seated, switch


@require_POST
@seated
def switch_workspace(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Go on in another of the person's workspaces."""
    try:
        known = switch(request, seat, UUID(request.POST.get("workspace", "")))
    except ValueError:
        known = False
    if not known:
        raise Http404("You are not a member of this workspace.")
    return redirect("console:inbox")


@require_POST
@seated
def set_shortcuts(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Turn single-key shortcuts on or off."""
    accounts.set_shortcuts(user=seat.user, on=request.POST.get("on") == "1")
    return redirect("console:inbox")
