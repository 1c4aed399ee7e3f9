"""The rows of a connector that could not be read as they are, and why."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated
from apps.gateway import odd_rows
from apps.gateway.models import Connector, OddRow
from apps.gateway.resources import label

PAGE_SIZE = 50


@require_safe
@operated
def show_rows(request: ConsoleRequest, seat: Seat, connector_id: UUID) -> HttpResponseBase:
    """A page of them, those seen last first."""
    connector = find(seat, connector_id)
    pages = Paginator(odd_rows.listed(connector), PAGE_SIZE)
    shown = pages.get_page(request.GET.get("page"))
    context = {
        "connector": connector,
        "rows": [row(odd_row) for odd_row in shown],
        "shown": shown,
        "total": pages.count,
    }
    return page.show(request, seat, "console/odd_rows.html", context)


def row(odd_row: OddRow) -> dict[str, Any]:
    """A row in words."""
    return {
        "row": odd_row,
        "resource": label(odd_row.resource),
        "tone": "warn" if odd_row.is_read else "bad",
        "fate": "Read without it" if odd_row.is_read else "Left out",
    }


@require_POST
@operated
def clear(_request: ConsoleRequest, seat: Seat, connector_id: UUID) -> HttpResponseBase:
    """Forget them; what is still odd comes back with the next reading."""
    odd_rows.dismiss(connector=find(seat, connector_id), by=seat.user.actor, now=timezone.now())
    return redirect("console:odd-rows", connector_id=connector_id)


def find(seat: Seat, connector_id: UUID) -> Connector:
    """The connector, if it is of this workspace; else 404."""
    connector = Connector.objects.filter(workspace_id=seat.workspace.pk, pk=connector_id).first()
    if connector is None:
        raise Http404("This workspace has no such connector.")
    return connector
