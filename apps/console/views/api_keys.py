"""A person's own API keys: made and ended here, by nobody for anybody else."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import operations as accounts
from apps.accounts import queries
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated

LONGEST_NAME = 100


class NotAKey(ValueError):
    """What was typed makes no key; the text says why."""


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_keys(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The person's keys in this workspace; a POST makes one and shows its token this once."""
    context: dict[str, Any] = {"scopes": accounts.SCOPES, "posted": {}, "chosen": []}
    status = 200
    if request.method == "POST":
        try:
            context |= make(seat, request.POST, now=timezone.now())
        except NotAKey as error:
            context |= {"mishap": str(error), "posted": request.POST}
            context["chosen"] = request.POST.getlist("scopes")
            status = 422
    context["keys"] = queries.keys_of(seat.user, seat.workspace.pk)
    return page.show(request, seat, "console/api_keys.html", context, status=status)


def make(seat: Seat, posted: QueryDict, *, now: datetime) -> dict[str, Any]:
    """A new key of the person with its token. Raises `NotAKey`."""
    name, scopes = posted.get("name", "").strip(), posted.getlist("scopes")
    if not name or len(name) > LONGEST_NAME:
        raise NotAKey(f"Give the key a name of at most {LONGEST_NAME} letters.")
    if not scopes:
        raise NotAKey("Choose at least one thing the key may do.")
    try:
        key, token = accounts.create_key(
            workspace=seat.workspace, user=seat.user, name=name, scopes=scopes, now=now,
            expires_at=read_end(posted.get("expires", ""), now=now),
        )  # fmt: skip
    except accounts.UnknownScope as error:
        raise NotAKey(str(error)) from error
    return {"made": key, "token": token}


def read_end(typed: str, *, now: datetime) -> datetime | None:
    """The end of the day that was typed, UTC; None without one. Raises `NotAKey`."""
    if not typed.strip():
        return None
    try:
        day = parse_date(typed.strip())
    except ValueError:
        day = None
    if day is None:
        raise NotAKey("Write the last day of the key as a date, such as 2027-01-31.")
    end = datetime.combine(day, time.max, tzinfo=now.tzinfo)
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
