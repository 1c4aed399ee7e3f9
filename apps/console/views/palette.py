"""What the palette finds: proposals by the words of their title or subject."""

from django.http import HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import amount_of
from apps.proposals import queries
from apps.proposals.reading.search import newest

FOUND = 8
LEAST = 2  # characters


@require_safe
@seated
def find(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The newest proposals with these words (`q`): {proposals: [{title, detail, address}]}."""
    words = request.GET.get("q", "").strip()
    here = queries.of_workspace(seat.workspace.pk)
    rows = newest(here, words, limit=FOUND) if len(words) >= LEAST else []
    proposals = [
        {
            "title": proposal.title,
            "detail": " · ".join(
                part for part in (proposal.get_state_display(), amount_of(proposal)) if part
            ),
            "address": reverse("console:proposal", args=[proposal.pk]),
        }
        for proposal in rows
    ]
    return page.private(JsonResponse({"proposals": proposals}))
