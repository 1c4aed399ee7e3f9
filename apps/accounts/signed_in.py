"""Who has signed in to a request, by a session or an API key, for what it will record."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.accounts.models import ApiKey, User
from apps.audit import acting


class SignedIn:
    """Middleware: all that a request records is recorded in the session of who sent it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The response."""
        with acting.signed_in(lambda: actors_of(request)):
            return self._get_response(request)


def actors_of(request: HttpRequest) -> str:
    """The person, or the key and whom it acts for (an agent's key: itself); "" if nobody."""
    key = getattr(request, "auth", None)
    if isinstance(key, ApiKey):
        return key.actor if key.agent_id else f"{key.actor} {key.user.actor}"
    return request.user.actor if isinstance(request.user, User) else ""
