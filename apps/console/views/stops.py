"""The kill switch: stopping everything, one agent, one connector or one kind of action."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, operated, seated
from apps.gateway.models import Scope
from apps.gateway.switches import InvalidSwitch, engage, release
from apps.insights import stops as insights
from apps.insights.stops import Stop, Stoppable

LONGEST = 500  # characters of a reason, as the form allows
EARLIER = 20  # released switches the page shows
GROUPS = {Scope.AGENT: "Agents", Scope.CONNECTOR: "Connectors", Scope.ACTION: "Kinds of action"}


@require_http_methods(["GET", "HEAD", "POST"])
@operated
def stop(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The form and the earlier stops; a POST with `what` and `reason` engages a switch."""
    choices = insights.stoppable(seat.workspace.pk)
    if request.method != "POST":
        what = f"{request.GET.get('scope', Scope.WORKSPACE)}:{request.GET.get('target', '')}"
        return page.show(request, seat, "console/stop.html", build(seat, choices, what))
    what, reason = request.POST.get("what", ""), request.POST.get("reason", "").strip()[:LONGEST]
    try:
        wanted = choose(choices, what)
        engage(
            workspace=seat.workspace,
            scope=wanted.scope,
            target=wanted.target,
            reason=reason,
            by=seat.user.actor,
            now=timezone.now(),
        )
    except InvalidSwitch as error:
        context = {**build(seat, choices, what), "form_error": str(error), "reason": reason}
        return page.show(request, seat, "console/stop.html", context, status=422)
    return redirect("console:stop")


def choose(choices: list[Stoppable], what: str) -> Stoppable:
    """The choice a form names as `scope:target`. Raises `InvalidSwitch`."""
    for stoppable in choices:
        if f"{stoppable.scope}:{stoppable.target}" == what:
            return stoppable
    raise InvalidSwitch("Choose what to stop: what was sent is not in this workspace.")


def build(seat: Seat, choices: list[Stoppable], what: str) -> dict[str, Any]:
    """The context of `console/stop.html`; `what` is preselected if it can be stopped."""
    released = insights.switches_of(seat.workspace.pk).filter(released_at__isnull=False)
    return {
        "groups": [
            {
                "label": label,
                "choices": [stoppable for stoppable in choices if stoppable.scope == scope],
            }
            for scope, label in GROUPS.items()
        ],
        "what": what,
        "earlier": insights.named(seat.workspace.pk, list(released[:EARLIER])),
        "stopped": insights.count_stopped(seat.workspace.pk),
    }


@require_POST
@operated
def release_stop(request: ConsoleRequest, seat: Seat, switch_id: UUID) -> HttpResponseBase:
    """Let its scope go on; the page it was asked from is shown again."""
    switch = insights.switches_of(seat.workspace.pk).filter(pk=switch_id).first()
    if switch is None:
        raise Http404("This workspace has no such switch.")
    release(switch=switch, by=seat.user.actor, now=timezone.now())
    if request.htmx:
        here = request.htmx.current_url_abs_path or ""
        if here.startswith(reverse("console:executions")):
            return HttpResponseClientRefresh()
        return part(request, seat, page.find_stops(seat.workspace.pk))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return redirect(back if safe else "console:stop")


@require_safe
@seated
def show_stops(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What is stopped now; 204 if that is what the page shows already (`shown`)."""
    stops = page.find_stops(seat.workspace.pk)
    if ",".join(str(stop.switch.pk) for stop in stops) == request.GET.get("shown"):
        return HttpResponse(status=204)
    return part(request, seat, stops)


def part(request: ConsoleRequest, seat: Seat, stops: list[Stop]) -> HttpResponseBase:
    """The banner alone, announced to screen readers."""
    said = " ".join(f"{stop.what} is stopped: {stop.switch.reason}." for stop in stops)
    context = {"seat": seat, "stops": stops, "said": said or "Nothing is stopped any more."}
    return page.show_part(request, "base/stops.html", context)
