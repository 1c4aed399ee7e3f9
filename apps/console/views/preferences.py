"""Small choices of the signed-in person: which workspace, single keys or not, and which keys."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import operations as accounts
from apps.console import keymap, page
from apps.console.access import ConsoleRequest, Seat, seated, switch
from apps.console.keymap import KNOWN


@require_POST
@seated
def switch_workspace(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Go on in another of the person's workspaces."""
    try:
        known = switch(request, seat, UUID(request.POST.get("workspace", "")))
    except ValueError:
        known = False
    if not known:
        raise Http404("You are not a member of this workspace.")
    return redirect("console:inbox")


@require_POST
@seated
def set_shortcuts(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """Turn single-key shortcuts on or off."""
    accounts.set_shortcuts(user=seat.user, on=request.POST.get("on") == "1")
    return redirect("console:inbox")


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def show_keys(request: ConsoleRequest, seat: Seat) -> HttpResponseBase:
    """The person's keys; a POST changes them, or says of each why it cannot be used."""
    if request.method != "POST":
        saved = request.GET.get("saved") == "1"
        context = fields(seat.user.keymap, (), on=seat.user.keyboard_shortcuts)
        return page.show(request, seat, "console/keys.html", {**context, "saved": saved})
    on = request.POST.get("on") == "1"
    typed = {} if request.POST.get("reset") else read_keys(request.POST)
    chosen = keymap.differing(typed)
    if errors := keymap.check(chosen):
        context = fields(chosen, errors, on=on)
        return page.show(request, seat, "console/keys.html", context, status=422)
    accounts.set_keys(user=seat.user, on=on, keymap=chosen)
    return redirect(f"{reverse('console:keys')}?saved=1")


def read_keys(posted: Mapping[str, Any]) -> dict[str, str]:
    """The key typed for each command that was on the form."""
    return {
        name: str(posted[name]).strip()
        for name, command in KNOWN.items()
        if command.free and name in posted
    }


def fields(
    chosen: Mapping[str, str], errors: Sequence[Mapping[str, str]], *, on: bool
) -> dict[str, Any]:
    """The inputs by group, each with its problem, and the problems with the command's words."""
    problems = {error["field"]: error["problem"] for error in errors}
    groups = [
        (group, [
            {"name": shortcut.command.name, "words": shortcut.command.words, "key": shortcut.key,
             "problem": problems.get(shortcut.command.name, "")}
            for shortcut in rows if shortcut.command.free
        ])
        for group, rows in keymap.grouped(keymap.bind(chosen).values())
    ]  # fmt: skip
    told = [{**error, "label": KNOWN[error["field"]].words} for error in errors]
    return {"groups": [pair for pair in groups if pair[1]], "errors": told, "on": on}
