"""The page behind an invitation: a GET shows it, only a POST joins.

The link alone does not say who holds it, so it makes no account where several workspaces share the
installation: its button mails a second link to the address, whoever has an account or has not.
"""

from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import perform_login
from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import invitations
from apps.accounts.models import Invitation, User
from apps.console.access import CHOSEN, ConsoleRequest
from apps.console.page import private
from apps.gateway.errors import ConnectorError
from apps.notifications.transports import invitation_letter

LETTERS_AN_HOUR = 5  # to one address for one workspace, however often the button is pressed


class NewcomerForm(forms.Form):
    """The name and first password of somebody who has no account yet."""

    name = forms.CharField(max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def show_invitation(request: ConsoleRequest, token: str, proof: str = "") -> HttpResponseBase:
    """Who is asked where, and how to join; the same page whether the address has an account."""
    now = timezone.now()
    try:
        invitation = invitations.find(token, now=now)
        is_proven = invitations.is_proven(invitation, proof, now=now)
        if request.method != "POST":
            return show(request, invitation, NewcomerForm() if is_proven else None)
        if isinstance(request.user, User):
            return join(request, invitation, token, request.user)
        if is_proven:
            return join_as_new(request, invitation, token)
        return mail_proof(request, invitation, token)
    except invitations.NoInvitation as error:
        return refuse(request, str(error), status=404)
    except invitations.NotOpen as error:
        return refuse(request, str(error), status=410)


def join(
    request: ConsoleRequest, invitation: Invitation, token: str, user: User
) -> HttpResponseBase:
    """Take the signed-in person in, if the invitation is theirs."""
    try:
        workspace = invitations.join(token=token, user=user, now=timezone.now())
    except invitations.ForSomebodyElse:
        return show(request, invitation, status=403)
    except invitations.AlreadyMember:
        workspace = invitation.workspace
    request.session[CHOSEN] = str(workspace.pk)
    return redirect("console:inbox")


def join_as_new(request: ConsoleRequest, invitation: Invitation, token: str) -> HttpResponseBase:
    """Make the account, sign in and sit down; or say of each field what is wrong with it."""
    form = NewcomerForm(request.POST)
    if not form.is_valid():
        return show(request, invitation, form, status=422)
    try:
        user, workspace = invitations.join_as_new(
            token=token, now=timezone.now(), **form.cleaned_data
        )
    except ValidationError as error:
        form.add_error("password", error)
        return show(request, invitation, form, status=422)
    except invitations.HasAccount as error:
        form.add_error(None, str(error))
        return show(request, invitation, form, status=409)
    answer: HttpResponseBase = perform_login(request, user, redirect_url=reverse("console:inbox"))
    request.session[CHOSEN] = str(workspace.pk)
    return answer


def mail_proof(request: ConsoleRequest, invitation: Invitation, token: str) -> HttpResponse:
    """Mail the address a link that proves it, and say so; asked too often, only say so."""
    now = timezone.now()
    counted = f"invitation-letters:{invitation.workspace_id}:{invitation.email}"
    cache.add(counted, 0, timeout=3600)
    if cache.incr(counted) <= LETTERS_AN_HOUR:
        path = reverse(
            "console:invitation-proven", args=[token, invitations.prove(invitation, now=now)]
        )
        try:
            invitation_letter.send(invitation, path, now)
        except ConnectorError:
            messages.error(request, "The mail could not be sent. Try again in a few minutes.")
            return show(request, invitation, status=503)
    messages.success(
        request,
        f"A link is on its way to {invitation.email}; it works for an hour. If it does not come, "
        "look among junk mail.",
    )
    return redirect("console:invitation", token)


def show(
    request: ConsoleRequest,
    invitation: Invitation,
    form: NewcomerForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The open invitation: one button for whose it is, else the ways to show that one is it.

    Without a form, that is a link by mail.
    """
    back = urlencode({"next": request.path})
    user = request.user
    context: dict[str, Any] = {
        "invitation": invitation,
        "form": form,
        "sign_in": f"{reverse('account_login')}?{back}",
        "sign_out": f"{reverse('account_logout')}?{back}",
        "is_theirs": isinstance(user, User) and user.email.lower() == invitation.email,
    }
    return private(render(request, "console/invitation.html", context, status=status))


def refuse(request: ConsoleRequest, form_error: str, *, status: int) -> HttpResponse:
    """No way in by this link, and what to do instead; nothing of the workspace is told."""
    return private(
        render(request, "console/invitation.html", {"form_error": form_error}, status=status)
    )
