"""A person's own API keys: made and ended here, by nobody for anybody else."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import operations as accounts
from apps.accounts import outside, queries
from apps.accounts.models import AGENT_SCOPES, OutsideAgent
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated
from apps.console.presenters import api_keys as presenter
from apps.notifications.queries import preference_of

LONGEST_NAME = 100
SUBMITS = "proposals:submit"


class NotAKey(ValueError):
    """What was typed makes no key; the text says why."""


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_keys(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The person's keys in this workspace; a POST makes one and shows its token this once."""
    now, zone = timezone.now(), zone_of(seat)
    context: dict[str, Any] = {
        "scopes": [(scope, told, scope in AGENT_SCOPES) for scope, told in accounts.SCOPES.items()],
        "actions": presenter.ACTIONS,
        "posted": {},
        "chosen": [],
        "chosen_actions": [],
        "zone": zone,
        "agents": list(outside.owned_by(seat.user, seat.workspace.pk)),
    }
    status = 200
    if request.method == "POST":
        try:
            context |= make(seat, request.POST, zone=zone, now=now)
        except NotAKey as error:
            context |= {"form_error": str(error), "posted": request.POST}
            context["chosen"] = request.POST.getlist("scopes")
            context["chosen_actions"] = request.POST.getlist("actions")
            status = 422
    keys = queries.keys_of(seat.user, seat.workspace.pk)
    context["keys"] = [presenter.show(key, zone=zone, now=now) for key in keys]
    return page.show(request, seat, "console/api_keys.html", context, status=status)


def zone_of(seat: Seat) -> ZoneInfo:
    """The time zone the person has chosen; UTC where they have not."""
    return ZoneInfo(preference_of(seat.user, seat.workspace.pk).time_zone)


def make(seat: Seat, posted: QueryDict, *, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """A new key of the person with its token. Raises `NotAKey`."""
    name, scopes = posted.get("name", "").strip(), posted.getlist("scopes")
    if not name or len(name) > LONGEST_NAME:
        raise NotAKey(f"Give the key a name of at most {LONGEST_NAME} letters.")
    if not scopes:
        raise NotAKey("Choose at least one thing the key may do.")
    agent = read_agent(seat, posted.get("agent", ""))
    actions = read_actions(posted.getlist("actions"), scopes, agent)
    try:
        key, token = accounts.create_key(
            workspace=seat.workspace, user=seat.user, name=name, scopes=scopes, now=now,
            expires_at=read_end(posted.get("expires", ""), zone=zone, now=now),
            agent=agent, actions=actions,
        )  # fmt: skip
    except (accounts.UnknownScope, accounts.NotYourAgent) as error:
        raise NotAKey(str(error)) from error
    return {"made": key, "token": token}


def read_agent(seat: Seat, chosen: str) -> OutsideAgent | None:
    """The person's agent the key is to act for; None for themselves. Raises `NotAKey`."""
    if not chosen:
        return None
    for agent in outside.owned_by(seat.user, seat.workspace.pk):
        if str(agent.pk) == chosen:
            return agent
    raise NotAKey("You have no such agent here.")


def read_actions(
    chosen: Sequence[str], scopes: Sequence[str], agent: OutsideAgent | None
) -> list[str] | None:
    """The kinds of action the key is to propose; None: what its agent may. Raises `NotAKey`.

    A person's key that submits has to name them, and one that submits nothing proposes none.
    """
    if SUBMITS not in scopes:
        return []
    if any(action not in presenter.ACTIONS for action in chosen):
        raise NotAKey("There is no such kind of action.")
    if agent is not None and not chosen:
        return None
    if not chosen:
        raise NotAKey("Choose at least one kind of action the key may propose.")
    return list(chosen)


def read_end(typed: str, *, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The end of the day that was typed, in the zone; None without one. Raises `NotAKey`."""
    if not typed.strip():
        return None
    try:
        day = parse_date(typed.strip())
    except ValueError:
        day = None
    if day is None:
        raise NotAKey("Write the last day of the key as a date, such as 2027-01-31.")
    end = datetime.combine(day, time.max, tzinfo=zone)
    if end <= now:
        raise NotAKey("The last day of the key is over already.")
    return end


@require_POST
@seated
def revoke(_request: ConsoleRequest, seat: Seat, key_id: UUID) -> HttpResponseBase:
    """End one of the person's own keys at once."""
    key = queries.keys_of(seat.user, seat.workspace.pk).filter(pk=key_id).first()
    if key is None:
        raise Http404("You have no such key here.")
    accounts.revoke_key(key=key, by=seat.user.actor, now=timezone.now())
    return redirect("console:api-keys")
