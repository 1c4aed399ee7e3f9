"""Who is looking, and at which workspace."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from apps.accounts import queries as accounts
from apps.accounts.models import User, Workspace
from apps.accounts.permissions import can
from apps.console.reader import locale_of, writing_for

CHOSEN = "workspace"  # session key: id of the workspace the person switched to
P = ParamSpec("P")


class ConsoleRequest(HttpRequest):
    """A request with what the middlewares add."""

    htmx: HtmxDetails


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A signed-in person at one of their workspaces."""

    user: User
    workspace: Workspace
    workspaces: list[Workspace]

    @cached_property
    def operates(self) -> bool:
        """Whether the person may stop, repair and configure things here."""
        return can(self.user, "configure", self.workspace.pk)


View = Callable[Concatenate[ConsoleRequest, Seat, P], HttpResponseBase]


def seated(view: View[P]) -> Callable[Concatenate[ConsoleRequest, P], HttpResponseBase]:
    """Let members in, with their seat as second argument; others get a page that says why not."""

    @wraps(view)
    def entered(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return send_to_login(request)
        if holds_nul(request):
            return HttpResponseBadRequest("No text has a NUL in it.", content_type="text/plain")
        seat = find_seat(request.user, request.session.get(CHOSEN))
        if seat is None:
            return render(request, "console/no_workspace.html", status=403)
        with writing_for(locale_of(request.user, request)):
            return view(request, seat, *args, **kwargs)

    return entered


def operated(view: View[P]) -> Callable[Concatenate[ConsoleRequest, P], HttpResponseBase]:
    """Let only those in whose role operates the workspace; other members get a 403."""

    @seated
    @wraps(view)
    def entered(
        request: ConsoleRequest, seat: Seat, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        if not seat.operates:
            raise PermissionDenied("Only operators and owners do this.")
        return view(request, seat, *args, **kwargs)

    return entered


def find_seat(user: User, chosen: Any) -> Seat | None:
    """The person's seat at the chosen workspace, else at their oldest; None without any."""
    workspaces = list(accounts.workspaces_of(user))
    if not workspaces:
        return None
    wanted = (workspace for workspace in workspaces if str(workspace.pk) == str(chosen))
    return Seat(user=user, workspace=next(wanted, workspaces[0]), workspaces=workspaces)


def switch(request: HttpRequest, seat: Seat, workspace_id: UUID) -> bool:
    """Sit down at another of the person's workspaces; False if it is none of theirs."""
    known = any(workspace.pk == workspace_id for workspace in seat.workspaces)
    if known:
        request.session[CHOSEN] = str(workspace_id)
    return known


def send_to_login(request: ConsoleRequest) -> HttpResponse:
    """To the sign-in page and back here; scripts get a 401, at which htmx leaves for that page."""
    answer = redirect_to_login(find_page(request))
    return HttpResponseClientRedirect(answer.url, status=401) if request.htmx else answer


def find_page(request: ConsoleRequest) -> str:
    """The page the person looks at: of a POST that from which it was sent, as far as it is ours."""
    if request.htmx and (here := request.htmx.current_url_abs_path):
        return here
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    told = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(told, {request.get_host()}, request.is_secure())
    page = urlsplit(told)._replace(scheme="", netloc="", fragment="").geturl()
    return page if ours and page.startswith("/") else reverse("console:inbox")


def holds_nul(request: HttpRequest) -> bool:
    """Whether a value that was sent holds the one sign PostgreSQL keeps in no text."""
    given = (values for sent in (request.GET, request.POST) for _, values in sent.lists())
    return any("\x00" in str(value) for values in given for value in values)
