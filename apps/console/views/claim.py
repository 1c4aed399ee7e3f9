"""Holding a proposal while deciding it: taken by POST, kept alive, and let go of."""

from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.proposals import operations, queries

TAKEN, KEPT = 409, 204
REFUSED = (operations.Claimed, operations.AlreadyDecided, operations.NotAuthorised)


@require_POST
@seated
def claim(_: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Hold it: 204; 409 with the reason in words where that cannot be."""
    check_here(seat, proposal_id)
    try:
        operations.claim(proposal_id=proposal_id, user=seat.user, now=timezone.now())
    except REFUSED as error:
        return claim_response(TAKEN, str(error))
    return claim_response(KEPT)


@require_POST
@seated
def renew(_: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Hold it on: 204; 409 if the person holds it no more."""
    check_here(seat, proposal_id)
    kept = operations.renew(proposal_id=proposal_id, user=seat.user, now=timezone.now())
    return claim_response(KEPT) if kept else claim_response(TAKEN, "You hold it no more.")


@require_POST
@seated
def release(_: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Let go of it: 204, whether it was held or not."""
    check_here(seat, proposal_id)
    operations.release(proposal_id=proposal_id, user=seat.user, now=timezone.now())
    return claim_response(KEPT)


def claim_response(status: int, words: str = "") -> HttpResponse:
    """A short answer for the script that asked."""
    return page.private(HttpResponse(words, status=status, content_type="text/plain"))


def check_here(seat: Seat, proposal_id: UUID) -> None:
    """Raise `Http404` unless the proposal is of this workspace."""
    if not queries.of_workspace(seat.workspace.pk).filter(pk=proposal_id).exists():
        raise Http404("This workspace has no such proposal.")
