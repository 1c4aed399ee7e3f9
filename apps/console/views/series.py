"""A series a cap has stopped, on one page: what it is made of, and one verdict for what waits."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.forms import REASONS, read_reason
from apps.console.presenters.proposals import amount_of
from apps.console.presenters.series import card
from apps.console.views import panel
from apps.console.views.bulk import Line, read_bindings
from apps.proposals import operations
from apps.proposals.models import Proposal
from apps.proposals.operations import InvalidDraft, NotInBulk
from apps.proposals.reading import series


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_series(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """The series a proposal is part of; POST rejects exactly the bindings that were shown."""
    view = panel.find(seat, proposal_id)
    found = series.stopped(
        [change_view.decision for change_view in view.changes if change_view.decision]
    )
    if found is None:
        return redirect("console:proposal", proposal_id)  # no cap has stopped it, or not any more
    context = {"proposal": view.proposal, "series": card(found, view.proposal), "reasons": REASONS,
               "together": address_of_all(found.waiting)}  # fmt: skip
    if request.method != "POST":
        return page.show(request, seat, "console/series.html", context)
    bindings = read_bindings(request.POST)
    try:
        results = operations.reject_all(
            workspace_id=seat.workspace.pk, user=seat.user, bindings=bindings,
            reason=read_reason(request.POST), now=timezone.now(),
        )  # fmt: skip
    except (InvalidDraft, NotInBulk) as error:
        typed = {"form_error": str(error), "chips": request.POST.getlist("chip")}
        return page.show(request, seat, "console/series.html", {**context, **typed}, status=422)
    rejected = Proposal.objects.in_bulk([result.proposal_id for result in results])
    lines = [
        Line(proposal=rejected[result.proposal_id], amount=amount_of(rejected[result.proposal_id]),
             result=result)
        for result in results
    ]  # fmt: skip
    done = sum(result.decided for result in results)
    told = {"results": lines, "rejected": done, "refused": len(lines) - done}
    return page.show(request, seat, "console/series.html", {**context, **told})


def address_of_all(waiting: Sequence[Proposal]) -> str:
    """Where these are approved together, as far as they may be."""
    return f"{reverse('console:bulk')}?{urlencode([('pick', proposal.pk) for proposal in waiting])}"
