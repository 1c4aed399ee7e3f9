"""Connectors: how each stands, and closing a breaker by hand."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated
from apps.console.presenters import sources as words
from apps.gateway import health, odd_rows
from apps.gateway.models import Circuit, Connector, State
from apps.inference import queries as inference
from apps.insights import connectors as insights
from apps.insights.connectors import ConnectorView

TONES = {Circuit.CLOSED: "good", Circuit.OPEN: "bad", Circuit.HALF_OPEN: "warn"}


@require_safe
@operated
def show_connectors(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """All connectors of the workspace, never a secret, and the models that are left alone."""
    found = insights.standing(seat.workspace.pk, now=timezone.now())
    odd = odd_rows.counts(seat.workspace.pk)
    context = {
        "cards": [{**card(view), "odd": odd.get(view.connector.pk, 0)} for view in found],
        "sources": words.told(seat.workspace.pk),
        "models": inference.left_alone(seat.workspace.pk),
    }
    return page.show(request, seat, "console/connectors.html", context)


def card(view: ConnectorView) -> dict[str, Any]:
    """A connector in words."""
    breaker, waiting = view.breaker, view.waiting
    circuit = Circuit(breaker.circuit) if breaker else Circuit.CLOSED
    return {
        "view": view,
        "connector": view.connector,
        "reads": words.readable(view.connector),
        "circuit": circuit,
        "tone": TONES[circuit],
        "can_reset": bool(breaker and (circuit != Circuit.CLOSED or breaker.failures)),
        "due": waiting.get(State.DUE, 0),
        "calling": waiting.get(State.CALLING, 0) + waiting.get(State.CLAIMED, 0),
        "unknown": waiting.get(State.UNKNOWN, 0),
    }


@require_POST
@operated
def reset_breaker(_request: ConsoleRequest, seat: Seat, connector_id: UUID) -> HttpResponseBase:
    """Close the connector's breaker: the next call passes."""
    connectors = Connector.objects.filter(workspace_id=seat.workspace.pk, pk=connector_id)
    connector = connectors.select_related("breaker").first()
    if connector is None:
        raise Http404("This workspace has no such connector.")
    health.reset(connector, by=seat.user.actor, now=timezone.now())
    return redirect("console:connectors")
