"""What the palette finds: proposals by the words of their title or subject."""

from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import amount_of
from apps.proposals import queries
from apps.proposals.search import named

FOUND = 8
LEAST = 2  # characters


@require_GET
@seated
def find(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The newest proposals with these words (`q`): {proposals: [{title, detail, address}]}."""
    words = request.GET.get("q", "").strip()
    found = named(queries.of_workspace(seat.workspace.pk), words)[:FOUND]
    rows = found if len(words) >= LEAST else []
    proposals = [
        {
            "title": one.title,
            "detail": " · ".join(
                part for part in (one.get_state_display(), amount_of(one)) if part
            ),
            "address": reverse("console:proposal", args=[one.pk]),
        }
        for one in rows
    ]
    return page.private(JsonResponse({"proposals": proposals}))
