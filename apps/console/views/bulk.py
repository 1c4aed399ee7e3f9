"""Approving similar proposals of low risk together: first all of them are shown, then one POST."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters.proposals import amount_of
from apps.console.presenters.values import money
from apps.console.views import panel
from apps.proposals import alike, bulk, operations, queue
from apps.proposals.models import Proposal
from apps.proposals.operations import BulkResult, NotInBulk

BINDING = "binding-"  # begins the name of an input; the proposal's id follows


@dataclass(frozen=True, kw_only=True)
class Line:
    """A proposal of the list with its amount, and why it is left out, or what became of it."""

    proposal: Proposal
    amount: str
    reasons: Sequence[str] = ()
    result: BulkResult | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_bulk(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """What would be approved and what is left out (`pick` ids, or `like` one); POST approves."""
    if request.method == "POST":
        return approve(request, seat)
    found = find(seat, request.GET.getlist("pick"), request.GET.get("like", ""))
    return page.show(request, seat, "console/bulk.html", preview(found))


def approve(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Approve exactly the bindings that were shown; say of each what became of it."""
    bindings = read_bindings(request.POST)
    try:
        results = operations.approve_all(
            workspace_id=seat.workspace.pk, user=seat.user, bindings=bindings, now=timezone.now()
        )
    except NotInBulk as error:
        context = preview(alike.chosen(seat.workspace.pk, list(bindings)))
        mishap = {"message": str(error), "errors": together(error)}
        return page.show(request, seat, "console/bulk.html", {**context, "mishap": mishap},
                         status=422)  # fmt: skip
    by_id = {one.pk: one for one in alike.chosen(seat.workspace.pk, list(bindings))}
    lines = [line(by_id[one.proposal_id], result=one) for one in results]
    done = sum(one.approved for one in results)
    context = {"results": lines, "approved": done, "refused": len(lines) - done}
    return page.show(request, seat, "console/bulk.html", context)


def find(seat: Seat, picked: Sequence[str], like: str) -> list[Proposal]:
    """The chosen proposals, or all that are like one, in the order they were made."""
    if like_id := next(iter(read_ids([like])), None):
        return queue.similar_waiting(panel.find(seat, like_id).proposal)
    chosen = alike.chosen(seat.workspace.pk, read_ids(picked)[: bulk.MOST + 1])
    return sorted(chosen, key=lambda one: one.pk)


def preview(found: Sequence[Proposal]) -> dict[str, Any]:
    """What goes together and what does not, with the reasons."""
    if not found:
        return {"kept": [], "left_out": [], "against": ["Nothing was chosen, or nothing waits."]}
    items = {one.pk: alike.item_of(one) for one in found}
    similar = [alike.item_of(one) for one in queue.similar_waiting(found[0])]
    reasons = bulk.objections(list(items.values()), similar)
    kept = [one for one in found if one.pk not in reasons][: bulk.MOST]
    against = reasons.get(None, [])
    if against and kept and not bulk.objections([items[one.pk] for one in kept], similar):
        against = []  # what is left out was all there was against it
    total = sum(one.amount for one in kept if one.amount is not None)
    return {
        "kept": [line(one) for one in kept],
        "left_out": [line(one, reasons=reasons[one.pk]) for one in found if one.pk in reasons],
        "against": against,
        "total": money(total, kept[0].currency) if total else "",
        "action": next(iter(kept[0].changes.all())).action if kept else "",
        "most": bulk.MOST,
        "more": max(len(found) - len(reasons) - bulk.MOST, 0),
    }


def line(one: Proposal, *, reasons: Sequence[str] = (), result: BulkResult | None = None) -> Line:
    """A line of the list."""
    return Line(proposal=one, amount=amount_of(one), reasons=reasons, result=result)


def together(error: NotInBulk) -> list[str]:
    """What speaks against all of them."""
    return [str(one["problem"]) for one in error.errors if one.get("field") == "bindings"]


def read_ids(given: Iterable[str]) -> list[UUID]:
    """The ids among what was sent, each once."""
    found: dict[UUID, None] = {}
    for one in given:
        try:
            found[UUID(one)] = None
        except ValueError:
            continue
    return list(found)


def read_bindings(posted: Mapping[str, Any]) -> dict[UUID, str]:
    """The binding that was shown, by proposal."""
    names = [name.removeprefix(BINDING) for name in posted if name.startswith(BINDING)]
    return {one: str(posted[f"{BINDING}{one}"]) for one in read_ids(names)}
