"""A link that names its workspace: it opens there, and says so where a person is elsewhere now.

Looking changes nothing: only the button, a POST, goes over to the other workspace.
"""

from uuid import UUID

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Workspace
from apps.console import page
from apps.console.access import ConsoleRequest, Seat, seated, switch

WORDS = {  # the pages a link may lead to, and what each is called
    "proposal": "A proposal",
    "run": "A run of an agent",
    "runs": "The runs of the agents",
    "execution": "An execution",
    "stop": "The kill switch",
    "connectors": "The connectors",
    "trace": "The trace",
    "notifications": "What you are told",
}


@require_http_methods(["GET", "HEAD", "POST"])
@seated
def open_in(
    request: ConsoleRequest, seat: Seat, workspace_id: UUID, page_path: str
) -> HttpResponseBase:
    """Lead to a page of a workspace; a member who is in another one is asked to go over first.

    To everybody else the workspace is not there.
    """
    goal, words = find_page(page_path)
    workspace = find_workspace(seat, workspace_id)
    if request.method == "POST":
        switch(request, seat, workspace.pk)
        return redirect(goal)
    if workspace.pk == seat.workspace.pk:
        return redirect(goal)
    context = {"there": workspace, "words": words, "address": request.path}
    return page.show(request, seat, "console/elsewhere.html", context)


def find_page(page_path: str) -> tuple[str, str]:
    """The address of the page behind the workspace, and what it is; else 404."""
    try:
        match = resolve(f"/{page_path}")
    except Resolver404:
        raise Http404("There is no such page.") from None
    if match.app_name != "console" or match.url_name not in WORDS:
        raise Http404("No link leads to this page.")
    return f"/{page_path}", WORDS[match.url_name]


def find_workspace(seat: Seat, workspace_id: UUID) -> Workspace:
    """The workspace, if the person is a member of it; else 404."""
    for workspace in seat.workspaces:
        if workspace.pk == workspace_id:
            return workspace
    raise Http404("You are not a member of this workspace.")
