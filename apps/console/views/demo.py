"""Removing the demo data: an owner looks at what goes, and confirms once."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.permissions import can
from apps.agents import erasure
from apps.agents.erasure import NoDemo, StillAtWork
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.insights import demo as insights


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def remove_demo(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What would go; a POST removes it and leads to the guide."""
    if not can(seat.user, "administer", seat.workspace.pk):
        raise PermissionDenied("Only owners do this.")
    if request.method != "POST":
        return page.show(request, seat, "console/demo.html", build(seat))
    try:
        erasure.remove_demo(workspace=seat.workspace, by=seat.user.actor, now=timezone.now())
    except (NoDemo, StillAtWork) as error:
        context = {**build(seat), "form_error": str(error)}
        return page.show(request, seat, "console/demo.html", context, status=409)
    return redirect("console:guide")


def build(seat: Seat) -> dict[str, Any]:
    """What there is, if the workspace is a demo."""
    if not seat.workspace.is_demo:
        return {"contents": []}
    rows = insights.contents(seat.workspace.pk)
    return {"contents": [(words, count, min(count, insights.MOST)) for words, count in rows]}
