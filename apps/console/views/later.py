"""Not deciding now: skipping, snoozing, asking the agent."""

from uuid import UUID

from django.http import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.forms import read_snooze
from apps.console.views import panel
from apps.console.views.outcome import Act, show_outcome
from apps.proposals import operations
from apps.proposals.models import Proposal


@require_POST
@seated
def skip(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Put it at the end of the person's own order."""
    panel.find(seat, proposal_id)

    def act() -> tuple[Proposal, str]:
        done = operations.skip(proposal_id=proposal_id, user=seat.user, now=timezone.now())
        return done, "Skipped; it comes back at the end of your queue."

    return show_outcome(request, seat, proposal_id, Act("skip", act))


@require_POST
@seated
def snooze(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Hide it until a time, or until the shop changes."""
    panel.find(seat, proposal_id)

    def act() -> tuple[Proposal, str]:
        now = timezone.now()
        until, on_change = read_snooze(request.POST, now=now)
        done = operations.snooze(
            proposal_id=proposal_id, user=seat.user, until=until, on_change=on_change, now=now
        )
        when = f"{done.snoozed_until:%-d %b, %H:%M} UTC"
        if done.wakes_on_change:
            return done, f"Snoozed until the shop changes, at the latest {when}."
        return done, f"Snoozed until {when}."

    return show_outcome(request, seat, proposal_id, Act("snooze", act))


@require_POST
@seated
def wake(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Put it back into the queue now, and show it."""
    panel.find(seat, proposal_id)

    def act() -> tuple[Proposal, str]:
        done = operations.wake(proposal_id=proposal_id, user=seat.user, now=timezone.now())
        return done, "It is back in the queue."

    return show_outcome(request, seat, proposal_id, Act("wake", act, leads_on=False))


@require_POST
@seated
def ask(request: ConsoleRequest, seat: Seat, proposal_id: UUID) -> HttpResponseBase:
    """Ask who proposed it; it stays open."""
    panel.find(seat, proposal_id)

    def act() -> tuple[Proposal, str]:
        text = request.POST.get("reason", "").strip()
        asked = operations.ask(
            proposal_id=proposal_id, user=seat.user, text=text, now=timezone.now()
        )
        return asked.proposal, "Asked; it stays open, and the answer will be shown with it."

    return show_outcome(request, seat, proposal_id, Act("ask", act))
