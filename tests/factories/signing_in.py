"""Browsers of people who have signed in."""

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.flows import login
from django.contrib.sessions.backends.base import SessionBase
from django.test import Client

from apps.accounts.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(client: Client, user: User, *, seconds_ago: float = 0.0) -> Client:
    """Have the person signed in with their password in this browser, so long ago."""
    client.force_login(user, backend=BACKEND)
    session = client.session
    note_password(session, user, seconds_ago=seconds_ago)
    session.save()
    return client


def note_password(session: SessionBase, user: User, *, seconds_ago: float = 0.0) -> None:
    """Have the session remember that the person gave their password, so long ago."""
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time() - seconds_ago}
    ]
