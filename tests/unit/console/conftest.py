"""Browsers of the cast, and a workspace with something to decide."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.audit.kinds import Kind
from apps.audit.queries import Recorded
from tests.conftest import Cast
from tests.factories.browsing import Browser
from tests.factories.signing_in import sign_in


@pytest.fixture
def world(cast: Cast, connector, policy) -> Cast:
    """The cast with a connector and a policy: proposals between 10 and 1000 wait."""
    return cast


@pytest.fixture
def client() -> Client:
    """A browser of somebody who has not signed in."""
    return Browser()


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """A signed-in browser of a person, which checks CSRF tokens like a real one is checked."""

    def open_browser(user: User) -> Client:
        client = Browser(enforce_csrf_checks=True)
        return sign_in(client, user)

    return open_browser


@pytest.fixture
def happened(now: datetime) -> Callable[..., Recorded]:
    """An event of a kind, as the log tells it."""

    def tell(kind: Kind, *, actor: str = "gateway", subject: str = "s-1", **fields) -> Recorded:
        return Recorded(index=1, id=UUID(int=1), kind=kind, at=now, workspace_id=UUID(int=2),
                        actor=actor, subject_kind=kind.partition(".")[0], subject_id=subject,
                        run_id=None, fields=fields)  # fmt: skip

    return tell


@pytest.fixture
def token() -> Callable[[Client], str]:
    """The CSRF token a page of this browser would carry."""

    def read(client: Client) -> str:
        client.get("/history/")
        return client.cookies["csrftoken"].value

    return read
