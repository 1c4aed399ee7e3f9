"""What every page of the console has around its content."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers

from apps.audit import queries as audit
from apps.console.access import ConsoleRequest, Seat
from apps.gateway import queries as gateway
from apps.gateway.switches import engaged
from apps.insights.stops import Stop, named
from apps.proposals.reading import queue

SHOWN_STOPS = 20


def show(
    request: ConsoleRequest,
    seat: Seat,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    after: int | None = None,
) -> HttpResponse:
    """A whole page. `after` is the number of the newest event the page already shows."""
    frame = {
        "seat": seat,
        "waiting": context["waiting"] if "waiting" in context else count_waiting(seat.workspace.pk),
        "mailbox_url": find_mailbox(seat.workspace.pk),
        "after": audit.last_index() if after is None else after,
        "stops": find_stops(seat.workspace.pk),
    }
    return private(render(request, template, {**frame, **context}, status=status))


def show_part(
    request: ConsoleRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """A part of a page, for htmx; the header tells it from an error page of somebody else."""
    response = private(render(request, template, dict(context), status=status))
    response["X-Part"] = "1"
    return response


def private(response: HttpResponse) -> HttpResponse:
    """Keep the answer out of every cache: the same address answers with pages and parts."""
    patch_cache_control(response, no_store=True, private=True)
    patch_vary_headers(response, ["HX-Request", "Cookie", "Accept-Language"])
    return response


def is_part_wanted(request: ConsoleRequest, target: str) -> bool:
    """Whether htmx asks for the element with this id, and not for the page to go back to."""
    htmx = request.htmx
    return bool(htmx) and htmx.target == target and not htmx.history_restore_request


def count_waiting(workspace_id: UUID) -> int:
    """How many proposals wait for a person, without the snoozed ones."""
    return queue.count(workspace_id, now=timezone.now())


def find_stops(workspace_id: UUID) -> list[Stop]:
    """The kill switches that stop something now: one query without any, else up to five."""
    return named(workspace_id, list(engaged(workspace_id)[:SHOWN_STOPS]))


def find_mailbox(workspace_id: UUID) -> str:
    """The page that shows what the demo sent by mail; empty where there is none."""
    settings = [connector.settings for connector in gateway.connectors_of(workspace_id)]
    found = (setting.get("mailbox_page") or setting.get("mailbox_url") for setting in settings)
    return str(next(filter(None, found), ""))
