"""Approving (perhaps edited), rejecting, taking back, undoing.

The server decides who may; the page only shows it.
"""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.forms import read_edits, read_reason
from apps.console.presenters.problems import in_plain_words
from apps.console.presenters.undoing import hold, text_name
from apps.console.views import panel
from apps.console.views.deciding import Mishap
from apps.console.views.inbox import listing
from apps.gateway.errors import ConnectorError
from apps.proposals import operations, queries
from apps.proposals.models import Proposal, State

STATUS: dict[type[Exception], int] = {
    operations.AlreadyDecided: 409,
    operations.StaleApproval: 409,
    operations.TooLate: 409,
    operations.NotUndoable: 409,
    operations.NotAuthorised: 403,
    operations.DeniedByPolicy: 422,
    operations.InvalidDraft: 422,
    ConnectorError: 503,
}


@require_POST
@seated
def approve(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Approve what the form's binding names, with the edits in it."""
    view = panel.find(seat, proposal_id)
    edits = read_edits(view.changes, request.POST)
    form = "edit" if request.POST.get("form") == "edit" else "approve"

    def act() -> Proposal:
        return operations.approve(
            proposal_id=proposal_id,
            user=seat.user,
            binding=request.POST.get("binding", ""),
            reason=request.POST.get("reason", "").strip(),
            edits=edits,
            now=timezone.now(),
        )

    return decide(request, seat, proposal_id, form, act)


@require_POST
@seated
def reject(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Reject what the form's binding names, with a reason."""
    panel.find(seat, proposal_id)

    def act() -> Proposal:
        return operations.reject(
            proposal_id=proposal_id,
            user=seat.user,
            binding=request.POST.get("binding", ""),
            reason=read_reason(request.POST),
            now=timezone.now(),
        )

    return decide(request, seat, proposal_id, "reject", act)


@require_POST
@seated
def resolve(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Say whether what AIOS could not prove has happened (`happened` is yes or no)."""
    panel.find(seat, proposal_id)
    happened = request.POST.get("happened")
    if happened not in ("yes", "no"):
        return HttpResponseBadRequest("Say whether it happened: yes or no.")

    def act() -> Proposal:
        return operations.resolve(
            proposal_id=proposal_id,
            user=seat.user,
            happened=happened == "yes",
            reason=request.POST.get("reason", "").strip(),
            now=timezone.now(),
        )

    return decide(request, seat, proposal_id, "resolve", act)


@require_POST
@seated
def take_back(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Take an approval back that is held, or not begun yet."""
    panel.find(seat, proposal_id)

    def act() -> Proposal:
        return operations.take_back(proposal_id=proposal_id, user=seat.user, now=timezone.now())

    return decide(request, seat, proposal_id, "take-back", act)


@require_POST
@seated
def undo(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Propose to undo what was done, with a reason and what has to be written; show that."""
    view = panel.find(seat, proposal_id)
    texts = {one.change.pk: request.POST.get(text_name(one), "") for one in view.effects}

    def act() -> Proposal:
        return operations.undo(
            proposal_id=proposal_id,
            user=seat.user,
            reason=request.POST.get("reason", "").strip(),
            texts=texts,
            now=timezone.now(),
        )

    return decide(request, seat, proposal_id, "undo", act)


def decide(
    request: ConsoleRequest,
    seat: Seat,
    proposal_id: UUID,
    form: str,
    act: Callable[[], Proposal],
) -> HttpResponseBase:
    """Act, and show the proposal as it stands then; a refusal is shown in place, with its status.

    Acting may lead to another proposal. Without JavaScript a success redirects to the page, so
    that reloading repeats nothing.
    """
    mishap, status, said, asked_for = None, 200, "", proposal_id
    try:
        done = act()
        proposal_id, said = done.pk, announce(done, form)
    except tuple(STATUS) as error:
        errors = in_plain_words(getattr(error, "errors", ()))
        mishap = Mishap(message=str(error), form=form, posted=request.POST, errors=errors)
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
    if mishap is None and not request.htmx:
        return redirect("console:proposal", proposal_id=proposal_id)
    seen = audit.last_index()
    waiting = queries.inbox(seat.workspace.pk)
    view = panel.find(seat, proposal_id)
    if said:
        held = hold(view, timezone.now())
        said = " ".join([said, *([f"{held.words}."] if held else ()), f"{len(waiting)} left."])
    context = panel.build(seat, view, waiting, seen=seen, chosen=True, mishap=mishap, said=said)
    if request.htmx:
        response = page.show_part(request, "_components/panel.html", context, status=status)
        if proposal_id != asked_for:
            response["HX-Push-Url"] = reverse("console:proposal", args=[proposal_id])
        return response
    context |= listing(seat, waiting, selected=str(proposal_id))
    return page.show(request, seat, "console/inbox.html", context, status=status)


def announce(proposal: Proposal, form: str) -> str:
    """What was just decided, for screen readers."""
    if form == "reject":
        return "Rejected."
    if form == "take-back":
        return "Taken back; it waits again."
    if form == "undo":
        return f"The undo is proposed: {proposal.get_state_display().lower()}."
    if form == "resolve":
        return "Recorded: it happened." if proposal.state == State.DONE else "Recorded: it did not."
    if proposal.state == State.WAITING:
        return "Your approval is recorded; another reviewer has to approve as well."
    return "Approved as edited." if form == "edit" else "Approved."
