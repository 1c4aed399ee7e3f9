"""A page nobody but this file knows."""

from django.http import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated


@require_safe
@operated
def show(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """When the shop is open."""
    return page.show(request, seat, "opening_hours.html", {"hours": "9 to 5"})


PATH = path("opening-hours/", show, name="opening-hours")
