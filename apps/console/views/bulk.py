"""Approving similar proposals of low risk together: first all of them are shown, then one POST."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import amount_of
from apps.console.presenters.values import money
from apps.console.views import panel
from apps.proposals import batch_rules, operations
from apps.proposals.models import Proposal, State
from apps.proposals.operations import BulkResult, NotInBulk, NotSampled
from apps.proposals.reading import batch_rows, queue

BINDING = "binding-"  # begins the name of an input; the proposal's id follows


@dataclass(frozen=True, kw_only=True)
class Line:
    """A proposal of the list with its amount, and why it is left out, or what became of it.

    `opened`: whether the person has opened it; None where it was not drawn to be opened.
    """

    proposal: Proposal
    amount: str
    reasons: Sequence[str] = ()
    result: BulkResult | None = None
    opened: bool | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_bulk(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What would be approved and what is left out (`pick` ids, or `like` one); POST approves."""
    if request.method == "POST":
        return approve(request, seat)
    found = find(seat, request.GET.getlist("pick"), request.GET.get("like", ""))
    context = {**preview(found, seat.user), "in_vain": "in_vain" in request.GET}
    return page.show(request, seat, "console/bulk.html", context)


def approve(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Approve exactly the bindings that were shown; say of each what became of it.

    Who has not opened the sample is led back to it.
    """
    bindings = read_bindings(request.POST)
    try:
        results = operations.approve_all(
            workspace_id=seat.workspace.pk, user=seat.user, bindings=bindings, now=timezone.now()
        )
    except NotSampled:
        query = urlencode([*(("pick", pk) for pk in bindings), ("in_vain", "")])
        return redirect(f"{reverse('console:bulk')}?{query}")
    except NotInBulk as error:
        chosen = batch_rows.chosen(seat.workspace.pk, list(bindings)[: batch_rules.MOST + 1])
        context = preview(chosen, seat.user)
        against = [problem for problem in together(error) if problem not in context["against"]]
        form_error = {"message": str(error), "errors": against}
        return page.show(request, seat, "console/bulk.html", {**context, "form_error": form_error},
                         status=422)  # fmt: skip
    by_id = {
        proposal.pk: proposal for proposal in batch_rows.chosen(seat.workspace.pk, list(bindings))
    }
    lines = [line(by_id[result.proposal_id], result=result) for result in results]
    done = sum(result.decided for result in results)
    context = {"results": lines, "approved": done, "refused": len(lines) - done}
    return page.show(request, seat, "console/bulk.html", context)


def find(seat: Seat, picked: Sequence[str], like: str) -> list[Proposal]:
    """The chosen proposals, or all that are like one, in the order they were made."""
    if like_id := next(iter(read_ids([like])), None):
        return queue.similar_waiting(panel.find(seat, like_id).proposal)
    chosen = batch_rows.chosen(seat.workspace.pk, read_ids(picked)[: batch_rules.MOST + 1])
    return sorted(chosen, key=lambda proposal: proposal.pk)


def preview(found: Sequence[Proposal], user: User) -> dict[str, Any]:
    """What goes together and what does not, with the reasons; what the person has to open first."""
    gone = {
        proposal.pk: [no_longer(proposal)] for proposal in found if proposal.state != State.WAITING
    }
    waits = [proposal for proposal in found if proposal.pk not in gone]
    left_out = [
        line(proposal, reasons=gone[proposal.pk]) for proposal in found if proposal.pk in gone
    ]
    if not waits:
        nothing = ["Nothing was chosen, or nothing waits"]
        return {"kept": [], "left_out": left_out, "against": nothing}
    items = {proposal.pk: batch_rows.item_of(proposal) for proposal in waits}
    fit = next(
        (proposal for proposal in waits if not batch_rules.unfit(items[proposal.pk])), waits[0]
    )
    similar = [batch_rows.item_of(proposal) for proposal in queue.similar_waiting(fit)]
    ceiling = batch_rows.ceiling_for(list(items.values()), fit.workspace_id, now=timezone.now())
    reasons = batch_rules.objections(list(items.values()), similar, ceiling=ceiling)
    kept = [proposal for proposal in waits if proposal.pk not in reasons][: batch_rules.MOST]
    against = reasons.get(None, [])
    rest = [items[proposal.pk] for proposal in kept]
    if against and kept and not batch_rules.objections(rest, similar, ceiling=ceiling):
        against = []  # what is left out was all there was against it
    sampled = batch_rows.sampled(kept, user)
    left_out += [
        line(proposal, reasons=reasons[proposal.pk]) for proposal in waits if proposal.pk in reasons
    ]
    return {
        "kept": [line(proposal, opened=sampled.get(proposal.pk)) for proposal in kept],
        "left_out": left_out,
        "against": against,
        "to_open": list(sampled.values()).count(False),
        "total": total_of(kept),
        "action": next(iter(kept[0].changes.all())).action if kept else "",
        "most": batch_rules.MOST,
        "more": max(sum(pk not in reasons for pk in items) - batch_rules.MOST, 0),
    }


def total_of(kept: Sequence[Proposal]) -> str:
    """Their money added up; empty where none moves, or where it is in several currencies."""
    amounts = [(proposal.amount, proposal.currency) for proposal in kept if proposal.amount]
    if len({currency for _, currency in amounts}) != 1:
        return ""
    return money(sum(amount for amount, _ in amounts), amounts[0][1])


def no_longer(proposal: Proposal) -> str:
    """Why something that was chosen is not there to be approved."""
    return f"it waits for no approval any more: {proposal.get_state_display().lower()}"


def line(
    proposal: Proposal,
    *,
    reasons: Sequence[str] = (),
    result: BulkResult | None = None,
    opened: bool | None = None,
) -> Line:
    """A line of the list."""
    return Line(
        proposal=proposal, amount=amount_of(proposal), reasons=reasons, result=result, opened=opened
    )


def together(error: NotInBulk) -> list[str]:
    """What speaks against all of them."""
    return [str(problem["problem"]) for problem in error.errors if not problem.get("field")]


def read_ids(given: Iterable[str]) -> list[UUID]:
    """The ids among what was sent, each once."""
    found: dict[UUID, None] = {}
    for raw in given:
        try:
            found[UUID(raw)] = None
        except ValueError:
            continue
    return list(found)


def read_bindings(posted: Mapping[str, Any]) -> dict[UUID, str]:
    """The binding that was shown, by proposal."""
    named = {name.removeprefix(BINDING): name for name in posted if name.startswith(BINDING)}
    return {pk: str(posted[named[number]]) for number in named for pk in read_ids([number])}
