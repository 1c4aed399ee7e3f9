"""A person's own keys: made, shown once, ended."""

import re
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts import operations as accounts
from apps.accounts.models import ApiKey, Workspace
from tests.conftest import Cast
from tests.factories.keys import Caller

pytestmark = pytest.mark.django_db
PAGE = "/preferences/api-keys"
TOKEN = re.compile(r"aios_[0-9a-f]+_[\w-]+")
WANTED = {"name": "ERP", "scopes": ["proposals:read", "proposals:review"]}


@pytest.fixture
def ritas(browse, world: Cast) -> Client:
    """A reviewer's browser: the admin is closed to her."""
    return browse(world.rita)


def test_a_reviewer_makes_a_key_of_their_own(
    ritas: Client, world: Cast, token: Callable[[Client], str]
) -> None:
    """Whatever else the form says; its token is on no later page, and it lets in."""
    form = {**WANTED, "user": str(world.olga.pk), "csrfmiddlewaretoken": token(ritas)}
    page = ritas.post(PAGE, form).content.decode()
    found = TOKEN.search(page)
    assert found
    key = ApiKey.objects.get()
    assert (key.user, key.scopes) == (world.rita, WANTED["scopes"])
    assert found.group() not in ritas.get(PAGE).content.decode()
    assert Caller(found.group()).get("/proposals").status_code == 200


@pytest.mark.parametrize(
    ("slip", "problem"),
    [({"name": " "}, "a name"), ({"name": "x" * 101}, "a name"), ({"scopes": []}, "at least one"),
     ({"scopes": ["everything"]}, "Unknown scope"), ({"expires": "tomorrow"}, "as a date"),
     ({"expires": "2027-02-30"}, "as a date"), ({"expires": "2001-01-01"}, "over already")],
)  # fmt: skip
def test_what_makes_no_key_is_said(
    ritas: Client, token: Callable[[Client], str], slip: dict[str, object], problem: str
) -> None:
    """And nothing was made; what was typed is still there."""
    answer = ritas.post(PAGE, {**WANTED, **slip, "csrfmiddlewaretoken": token(ritas)})
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_one_ends_ones_own_keys_only(
    ritas: Client, world: Cast, workspace: Workspace, now: datetime,
    token: Callable[[Client], str],
) -> None:  # fmt: skip
    """Others' are neither listed nor found."""
    mine, secret = accounts.create_key(workspace=workspace, user=world.rita, name="Mine",
                                       scopes=["proposals:read"], now=now)  # fmt: skip
    his, _ = accounts.create_key(workspace=workspace, user=world.jun, name="Of Jun",
                                 scopes=["proposals:read"], now=now)  # fmt: skip
    page = ritas.get(PAGE).content.decode()
    assert "Mine" in page
    assert "Of Jun" not in page
    form = {"csrfmiddlewaretoken": token(ritas)}
    for gone in (his.pk, uuid4()):
        assert ritas.post(f"{PAGE}/{gone}/revoke", form).status_code == 404
    assert ritas.post(f"{PAGE}/{mine.pk}/revoke", form).status_code == 302
    assert list(ApiKey.objects.filter(revoked_at=None)) == [his]
    assert Caller(secret).get("/proposals").status_code == 401
