"""Who may call."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import operations
from apps.accounts.models import ApiKey, Membership, Workspace
from tests.conftest import Cast
from tests.factories.keys import Caller, caller


def test_a_live_key_is_let_in_and_its_use_noted(otto: Caller) -> None:
    """A live key reads its workspace; the key remembers when it was used."""
    assert otto.get("/proposals").status_code == 200
    assert ApiKey.objects.get().last_used_at is not None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "aios_",
        "aios_abc_def",
        "AIOS_abc_def",
        "aios_\0_x",
        "aios_é_x",
        "aios_abc_" + "x" * 5000,
        "x" * 7000,
    ],
)
def test_no_such_key(db: None, token: str) -> None:
    """Whatever is not a live key is 401, says how to authenticate, and never breaks."""
    response = Caller(token).get("/proposals")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="aios"'
    assert response["Content-Type"] == "application/problem+json"


def test_the_secret_matters(otto: Caller) -> None:
    """The right prefix with another secret is 401."""
    assert Caller(otto.token[:-1] + "?").get("/proposals").status_code == 401
    assert Caller(otto.token[:-2] + "ab").get("/proposals").status_code == 401


def test_revoked_expired_and_inactive(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """A key ends when it is revoked, expires, or its person is switched off."""
    revoked = caller(workspace, cast.otto, now=now)
    operations.revoke_key(key=ApiKey.objects.get(), by="test", now=now)
    expired = caller(
        workspace, cast.otto, now=now, expires_at=timezone.now() - timedelta(seconds=1)
    )
    inactive = caller(workspace, cast.rita, now=now)
    cast.rita.is_active = False
    cast.rita.save()
    for gone in (revoked, expired, inactive):
        assert gone.get("/proposals").status_code == 401


def test_a_key_ends_with_the_membership(otto: Caller, cast: Cast) -> None:
    """A person who left the workspace cannot use their key any more."""
    Membership.objects.filter(user=cast.otto).delete()
    response = otto.get("/proposals")
    assert response.status_code == 403
    assert "member" in response.json()["detail"]


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("proposals:read", "GET", "/proposals"),
        ("proposals:read", "GET", "/decisions"),
        ("proposals:submit", "POST", "/proposals"),
        ("proposals:review", "POST", f"/proposals/{'0' * 32}/reviews"),
        ("runs:read", "GET", "/runs"),
        ("runs:start", "POST", "/runs"),
        ("executions:read", "GET", "/executions"),
        ("events:read", "GET", "/events"),
        ("switches:read", "GET", "/kill-switches"),
        ("switches:set", "POST", "/kill-switches"),
        ("switches:set", "POST", f"/kill-switches/{'0' * 32}/release"),
    ],
)
def test_each_operation_needs_its_scope(
    workspace: Workspace, cast: Cast, now: datetime, scope: str, method: str, path: str
) -> None:
    """Without the scope: 403, naming it; with only that scope: let in."""
    others = tuple(s for s in operations.SCOPES if s != scope)
    refused = caller(workspace, cast.otto, now=now, scopes=others).send(method, path)
    assert refused.status_code == 403
    assert scope in refused.json()["detail"]
    passed = caller(workspace, cast.otto, now=now, scopes=(scope,)).send(method, path)
    assert passed.status_code not in (401, 403)


def test_sessions_are_not_accepted(cast: Cast) -> None:
    """Being signed in to the console opens nothing here."""
    client = Client()
    client.force_login(cast.olga)
    assert client.get("/api/v1/proposals").status_code == 401
    assert client.post("/api/v1/proposals", "{}", "application/json").status_code == 401
