"""Each page has a content security policy; where one is looser, only in what it names."""

import re

import pytest
from django.test import Client

from tests.conftest import Cast

pytestmark = pytest.mark.django_db
INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|\son\w+=\"|javascript:")
ADMIN = [
    "/admin/", "/admin/accounts/user/", "/admin/accounts/invitation/add/", "/admin/accounts/apikey/",
    "/admin/agents/agent/add/", "/admin/policies/policy/", "/admin/gateway/connector/",
]  # fmt: skip


@pytest.fixture
def client(cast: Cast) -> Client:
    """The browser of somebody who sees every page of the admin."""
    cast.olga.is_staff = cast.olga.is_superuser = True
    cast.olga.save()
    browser = Client()
    browser.force_login(cast.olga)
    return browser


def directives(client: Client, path: str) -> dict[str, set[str]]:
    """The page's policy by directive."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert INLINE.findall(answer.content.decode()) == []
    parts = answer["Content-Security-Policy"].split(";")
    return {name: set(sources) for name, *sources in (part.split() for part in parts)}


@pytest.mark.parametrize("path", ADMIN)
def test_the_admin_runs_no_inline_script(client: Client, path: str) -> None:
    """It needs eval and styles in attributes, nothing else that the strict pages have not."""
    policy = directives(client, path)
    assert policy["script-src"] == {"'self'", "'unsafe-eval'"}
    assert policy["style-src"] == {"'self'", "'unsafe-inline'"}
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == {"'none'"}
    assert policy["form-action"] == policy["connect-src"] == policy["default-src"] == {"'self'"}


def test_the_page_of_the_api_runs_none_either(client: Client) -> None:
    """Swagger UI comes from here and sets styles only."""
    policy = directives(client, "/api/v1/docs")
    assert policy["script-src"] == policy["default-src"] == {"'self'"}
    assert policy["style-src"] == {"'self'", "'unsafe-inline'"}
    assert policy["object-src"] == {"'none'"}


def test_pages_of_the_api_are_strict(client: Client) -> None:
    """Only the prefix that is named is looser."""
    assert "unsafe" not in client.get("/api/v1/openapi.json")["Content-Security-Policy"]
