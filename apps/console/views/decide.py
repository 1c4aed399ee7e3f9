"""Approving (perhaps edited), rejecting, taking back, undoing.

The server decides who may; the page only shows it.
"""

from uuid import UUID

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.forms import read_edits, read_reason
from apps.console.fresh import check_fresh
from apps.console.presenters.undoing import text_name
from apps.console.views import panel
from apps.console.views.outcome import Act, show_outcome
from apps.proposals import operations
from apps.proposals.models import Proposal, State


@require_POST
@seated
def approve(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Approve what the form's binding names, with the edits in it."""
    view = panel.find(seat, proposal_id)
    form = "edit" if request.POST.get("form") == "edit" else "approve"

    def act() -> tuple[Proposal, str]:
        check_fresh(request, view.proposal)
        done = operations.approve(
            proposal_id=proposal_id,
            user=seat.user,
            binding=request.POST.get("binding", ""),
            reason=request.POST.get("reason", "").strip(),
            edits=read_edits(view.changes, request.POST),
            typed_amount=request.POST.get("typed_amount", ""),
            now=timezone.now(),
        )
        if done.state == State.WAITING:
            return done, "Your approval is recorded; another reviewer has to approve as well."
        return done, "Approved as edited." if form == "edit" else "Approved."

    return show_outcome(request, seat, proposal_id, Act(form, act))


@require_POST
@seated
def reject(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Reject what the form's binding names, with a reason."""
    panel.find(seat, proposal_id)

    def act() -> tuple[Proposal, str]:
        done = operations.reject(
            proposal_id=proposal_id,
            user=seat.user,
            binding=request.POST.get("binding", ""),
            reason=read_reason(request.POST),
            now=timezone.now(),
        )
        return done, "Rejected."

    return show_outcome(request, seat, proposal_id, Act("reject", act))


@require_POST
@seated
def resolve(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Say whether what AIOS could not prove has happened (`happened` is yes or no)."""
    panel.find(seat, proposal_id)
    happened = request.POST.get("happened")

    def act() -> tuple[Proposal, str]:
        if happened not in ("yes", "no"):
            raise operations.InvalidDraft("Say whether it happened: choose one of the answers.")
        done = operations.resolve(
            proposal_id=proposal_id,
            user=seat.user,
            happened=happened == "yes",
            reason=request.POST.get("reason", "").strip(),
            now=timezone.now(),
        )
        words = "it happened" if done.state == State.DONE else "it did not"
        return done, f"Recorded: {words}."

    return show_outcome(request, seat, proposal_id, Act("resolve", act))


@require_POST
@seated
def take_back(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Take an approval back that is held, or not begun yet, and show it again."""
    panel.find(seat, proposal_id)

    def act() -> tuple[Proposal, str]:
        done = operations.take_back(proposal_id=proposal_id, user=seat.user, now=timezone.now())
        return done, "Taken back; it waits again."

    return show_outcome(request, seat, proposal_id, Act("take-back", act, leads_on=False))


@require_POST
@seated
def undo(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Propose to undo what was done, with a reason and what has to be written; show that."""
    view = panel.find(seat, proposal_id)
    texts = {effect.change.pk: request.POST.get(text_name(effect), "") for effect in view.effects}

    def act() -> tuple[Proposal, str]:
        done = operations.undo(
            proposal_id=proposal_id,
            user=seat.user,
            reason=request.POST.get("reason", "").strip(),
            texts=texts,
            now=timezone.now(),
        )
        return done, f"The undo is proposed: {done.get_state_display().lower()}."

    return show_outcome(request, seat, proposal_id, Act("undo", act, leads_on=False))
