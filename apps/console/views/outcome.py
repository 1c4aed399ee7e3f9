"""What is shown after a person has acted: the next of their queue, or why nothing happened.

A refusal is shown in place, with its status and with what was typed. Without JavaScript a success
redirects, so that reloading repeats nothing.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from apps.audit import queries as audit
from apps.console import page
from apps.console.access import ConsoleRequest, Seat
from apps.console.forms import NotATime
from apps.console.presenters.problems import in_plain_words
from apps.console.presenters.recent import Recent, recent
from apps.console.views import panel
from apps.console.views.deciding import FormError
from apps.console.views.inbox import surround
from apps.console.views.queue import Place, decided_today, find_place, listing, read_split, tabs
from apps.proposals.models import Proposal, State
from apps.proposals.refusals import REFUSALS, refusal_of

REFUSED: tuple[type[Exception], ...] = (*REFUSALS, NotATime)  # what is shown in place


class Act(NamedTuple):
    """What a person does: the form it comes from, and the doing (the proposal, and words for it).

    `leads_on`: the next of the queue is shown then; else the proposal it was about.
    """

    form: str
    do: Callable[[], tuple[Proposal, str]]
    leads_on: bool = True


def show_outcome(
    request: ConsoleRequest, seat: Seat, proposal_id: UUID, act: Act
) -> HttpResponseBase:
    """Act, and show what comes then."""
    split = read_split(request.POST)
    try:
        done, said = act.do()
    except REFUSED as error:
        return show_form_error(request, seat, proposal_id, act.form, error)
    now = timezone.now()
    place = find_place(seat, split, after=done, now=now, just_skipped=act.form == "skip")
    if not request.htmx:
        return redirect(place.address(done.pk))
    votes = recent(seat.user, seat.workspace.pk, now=now)
    context = {
        "place": place,
        "splits": tabs(place),
        "recent": votes,
        "decided_today": decided_today(seat, now=now),
        "last": find_last(votes, done, act),
        "snoozed": done if act.form == "snooze" else None,
        "acted_on": done,
        "words": said,
        "said": status_text(said, place, held_words(votes, done)),
    }
    if split and act.leads_on:
        response = lead_on(request, seat, place, context)
    else:
        seen = audit.last_index()
        view = panel.find(seat, done.pk)
        built = panel.build(seat, view, place, seen=seen, chosen=True)
        response = page.show_part(request, "console/inbox/advanced.html", {**built, **context})
    tell_scripts(response, proposal_id, done, said)
    return response


def lead_on(
    request: ConsoleRequest, seat: Seat, place: Place, context: dict[str, Any]
) -> HttpResponse:
    """The next proposal; only word of it where the browser has it ready, as it is now."""
    coming = place.next
    if coming is None:
        now = timezone.now()
        context |= listing(seat, place, now=now)
        return page.show_part(request, "console/inbox/cleared.html", context)
    if is_ready(request, coming):
        response = page.show_part(request, "console/inbox/after.html", context)
        response["HX-Reswap"] = "none"
        address = place.address(coming.pk)
        response["HX-Trigger-After-Settle"] = json.dumps({"aios:advance": {"address": address}})
        return response
    seen = audit.last_index()
    view = panel.find(seat, coming.pk)
    behind = find_place(seat, place.split, after=coming, now=timezone.now())
    built = panel.build(seat, view, behind, seen=seen, chosen=True)
    return page.show_part(
        request, "console/inbox/advanced.html", {**built, **context, "place": behind}
    )


def is_ready(request: ConsoleRequest, coming: Proposal) -> bool:
    """Whether the browser has fetched it before, and nothing has happened to it since."""
    if request.POST.get("ready") != str(coming.pk):
        return False
    if request.POST.get("ready_binding") != coming.binding:
        return False
    seen = request.POST.get("ready_seen", "")
    events = audit.history(subject_kind="proposal", subject_ids=[coming.pk])
    return seen.isdigit() and all(event.index <= int(seen) for event in events)


def find_last(votes: list[Recent], done: Proposal, act: Act) -> Recent | None:
    """The vote just given, for the note about it."""
    if act.form not in ("approve", "edit", "reject") or not votes:
        return None
    return votes[0] if votes[0].proposal.pk == done.pk else None


def held_words(votes: list[Recent], done: Proposal) -> str:
    """How long the approval is held, in words; empty if it is not."""
    found = next((recent for recent in votes if recent.proposal.pk == done.pk), None)
    if found is None or found.hold is None or done.state != State.APPROVED:
        return ""
    return f"{found.hold.words}."


def status_text(said: str, place: Place, held: str) -> str:
    """The status a screen reader reads out."""
    return " ".join(part for part in (said, held, f"{place.left} left.") if part)


def tell_scripts(response: HttpResponse, acted_on: UUID, done: Proposal, said: str) -> None:
    """Let the page know what became of which proposal, so that its row can say so at once."""
    words = said.partition(";")[0].rstrip(".")
    detail = {"proposal": str(acted_on), "words": words, "waits": done.state == State.WAITING}
    response["HX-Trigger"] = json.dumps({"aios:decided": detail})


def show_form_error(
    request: ConsoleRequest, seat: Seat, proposal_id: UUID, form: str, error: Exception
) -> HttpResponse:
    """The proposal as it is now, with why nothing happened and what was typed."""
    refusal = refusal_of(error)
    status = refusal.status if refusal else 422
    errors = in_plain_words(getattr(error, "errors", ()))
    form_error = FormError(
        message=str(error), form=form, posted=request.POST, errors=errors,
        confirm=getattr(error, "confirm", ""),
    )  # fmt: skip
    seen, now = audit.last_index(), timezone.now()
    view = panel.find(seat, proposal_id)
    place = find_place(seat, read_split(request.POST), after=view.proposal, now=now)
    context = panel.build(seat, view, place, seen=seen, chosen=True, form_error=form_error)
    if request.htmx:
        return page.show_part(request, "console/inbox/panel.html", context, status=status)
    context |= listing(seat, place, now=now, selected=str(proposal_id))
    return page.show(request, seat, "console/inbox.html", surround(seat, context), status=status)
