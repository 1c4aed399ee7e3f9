"""Choosing from which connector something is read."""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.console.access import ConsoleRequest, Seat, operated
from apps.gateway import sources
from apps.gateway.models import Connector
from apps.gateway.resources import RESOURCES


@require_POST
@operated
def choose_source(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """From now on `resource` is read from `connector` only; without one as if nobody had chosen."""
    resource, wanted = request.POST.get("resource", ""), request.POST.get("connector", "")
    if resource not in RESOURCES:
        raise Http404("Nothing of that name is read.")
    sources.choose(
        workspace=seat.workspace,
        resource=resource,
        connector=find(seat, wanted) if wanted else None,
        by=seat.user.actor,
        now=timezone.now(),
    )
    return redirect("console:connectors")


def find(seat: Seat, connector_id: str) -> Connector:
    """The connector of this workspace, else 404."""
    try:
        return Connector.objects.get(workspace_id=seat.workspace.pk, pk=UUID(connector_id))
    except (ValueError, Connector.DoesNotExist):
        raise Http404("This workspace has no such connector.") from None
