"""What a member wants to be told, a test of it, and for operators how the channels stand."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.audit import bell
from apps.console import page, preference_form
from apps.console.access import ConsoleRequest, Seat, operated, seated
from apps.console.preference_form import LABELS, Shown
from apps.notifications import operations, queries
from apps.notifications.messages import headline_of
from apps.notifications.models import CHOOSABLE, Channel, NoticeKind, Preference, Rhythm
from apps.notifications.operations import InvalidPreference, NoWay, TooSoon
from apps.notifications.operations.preferences import zones
from apps.proposals.models import Risk

KINDS = tuple(kind for kind in CHOOSABLE if kind is not NoticeKind.OVERDUE)
RISKS = ((Risk.LOW, "All"), (Risk.MEDIUM, "Medium and high"), (Risk.HIGH, "High only"))
SENT = {"1": "Saved. It holds from the next event on.", "test": "A test is on its way."}


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_preferences(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The person's choices; a POST keeps them, or says of each why it cannot be kept."""
    if request.method != "POST":
        preference = queries.preference_of(seat.user, seat.workspace.pk)
        said = SENT.get(request.GET.get("saved", ""), "")
        return show(
            request, seat, preference_form.shown_of(preference, chosen(preference)), said=said
        )
    try:
        operations.set_preference(
            user=seat.user,
            workspace=seat.workspace,
            wish=preference_form.read(request.POST),
            now=timezone.now(),
        )
    except InvalidPreference as error:
        return show(
            request,
            seat,
            preference_form.shown_again(request.POST),
            errors=error.errors,
            status=422,
        )
    return redirect(f"{reverse('console:notifications')}?saved=1")


@require_POST
@seated
def send_test(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Send the person a test, the way every notice takes."""
    try:
        operations.send_test(user=seat.user, workspace_id=seat.workspace.pk, now=timezone.now())
    except (TooSoon, NoWay) as error:
        return refuse(request, seat, str(error))
    bell.ring("notifications.deliver")
    return redirect(f"{reverse('console:notifications')}?saved=test")


@require_POST
@operated
def try_channel(request: ConsoleRequest, seat: Seat, channel_id: UUID) -> HttpResponseBase:
    """Send a test to a channel."""
    channel = Channel.objects.filter(workspace_id=seat.workspace.pk, pk=channel_id).first()
    if channel is None:
        raise Http404("This workspace has no such channel.")
    try:
        operations.try_channel(channel=channel, user=seat.user, now=timezone.now())
    except TooSoon as error:
        return refuse(request, seat, str(error))
    bell.ring("notifications.deliver")
    return redirect(f"{reverse('console:notifications')}?saved=test")


def refuse(request: ConsoleRequest, seat: Seat, form_error: str) -> HttpResponse:
    """The page with what stands in the way."""
    preference = queries.preference_of(seat.user, seat.workspace.pk)
    shown = preference_form.shown_of(preference, chosen(preference))
    return show(request, seat, shown, form_error=form_error, status=422)


def chosen(preference: Preference) -> list[UUID]:
    """The channels the person chose; none without a row."""
    if preference._state.adding:
        return []
    return list(preference.channels.values_list("pk", flat=True))


def show(
    request: ConsoleRequest,
    seat: Seat,
    shown: Shown,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    status: int = 200,
    **words: str,
) -> HttpResponse:
    """The page. `errors` are {field, problem}; `words` are `said` or `form_error`."""
    channels = queries.channels_of(seat.workspace.pk)
    context: dict[str, Any] = {
        "shown": shown,
        "kinds": KINDS,
        "risks": RISKS,
        "rhythms": Rhythm.choices,
        "zones": sorted(zones()),
        "open_channels": [channel for channel in channels if channel.enabled],
        "channels": [card(channel) for channel in channels] if seat.operates else [],
        "failed": queries.failed(seat.workspace.pk) if seat.operates else [],
        "errors": [
            {**error, "label": LABELS.get(error["field"], error["field"])} for error in errors
        ],
        "problems": {error["field"]: error["problem"] for error in errors},
        **words,
    }
    return page.show(request, seat, "console/notifications.html", context, status=status)


def card(channel: Channel) -> dict[str, Any]:
    """A channel with its state in a word; never its secret."""
    if not channel.enabled:
        word, tone, symbol = "Switched off", "", "stop"
    elif channel.failures:
        word, tone, symbol = "Failing", "bad", "alert"
    elif channel.last_success_at:
        word, tone, symbol = "Working", "good", "check"
    else:
        word, tone, symbol = "Not used yet", "", "wait"
    told = [headline_of(kind, for_all=True) for kind in channel.kinds]
    return {"channel": channel, "word": word, "tone": tone, "icon": symbol, "told": told}
