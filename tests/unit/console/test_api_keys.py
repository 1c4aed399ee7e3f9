"""A person's own keys: made, shown once, ended."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts import operations as accounts
from apps.accounts import outside
from apps.accounts.models import ApiKey, Workspace
from apps.notifications.models import Preference
from tests.conftest import Cast
from tests.factories.keys import Caller
from tests.factories.outside_agents import register

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
     ({"scopes": ["everything"]}, "Unknown scope"),
     ({"scopes": ["proposals:submit"]}, "at least one kind of action"),
     ({"scopes": ["proposals:submit"], "actions": ["fly"]}, "no such kind"), ({"expires": "tomorrow"}, "as a date"),
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


def test_a_key_is_made_for_kinds_of_action(ritas: Client, token: Callable[[Client], str]) -> None:
    """None is chosen beforehand; the page tells them; one that submits nothing proposes none."""
    assert 'name="actions"' in (page := ritas.get(PAGE).content.decode())
    assert "checked" not in page
    submits = {"name": "Refunds", "scopes": ["proposals:submit"],
               "actions": ["refund_payment", "send_message"]}  # fmt: skip
    for form in (submits, {**WANTED, "actions": ["set_price"]}):
        ritas.post(PAGE, {**form, "csrfmiddlewaretoken": token(ritas)})
    made = [key.actions for key in ApiKey.objects.order_by("created_at")]
    assert made == [["refund_payment", "send_message"], []]
    assert "Proposes refund payment and send message" in ritas.get(PAGE).content.decode()


def test_what_was_chosen_is_still_chosen(ritas: Client, token: Callable[[Client], str]) -> None:
    """After a slip elsewhere in the form."""
    slip = {"scopes": ["proposals:submit"], "actions": ["set_stock"], "expires": "tomorrow"}
    answer = ritas.post(PAGE, {**WANTED, **slip, "csrfmiddlewaretoken": token(ritas)})
    assert re.search(r'value="set_stock"\s+checked', answer.content.decode())


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


def test_the_last_day_ends_where_the_reader_is(
    ritas: Client, world: Cast, workspace: Workspace, token: Callable[[Client], str]
) -> None:
    """It is read and told in the zone they chose, in words; so is what the key may do."""
    Preference.objects.create(user=world.rita, workspace=workspace, time_zone="Asia/Tokyo")
    ritas.post(PAGE, {**WANTED, "expires": "2099-01-31", "csrfmiddlewaretoken": token(ritas)})
    assert ApiKey.objects.get().expires_at == datetime(2099, 1, 31, 14, 59, 59, 999999, tzinfo=UTC)
    page = ritas.get(PAGE).content.decode()
    assert "Valid until" in page
    assert ">31 January 2099</time>" in page
    assert "May read and review proposals" in page
    assert "Asia/Tokyo" in page


def test_an_owner_makes_keys_of_their_agents(
    browse: Callable[..., Client], world: Cast, workspace: Workspace, now: datetime,
    token: Callable[[Client], str],
) -> None:  # fmt: skip
    """Of no other's, and none that decides; the page tells whose a key is, and that it ended."""
    agent = register(workspace, world.otto, now=now)
    otto, olga = browse(world.otto), browse(world.olga)
    assert "ERP (outside)" in otto.get(PAGE).content.decode()
    assert "ERP (outside)" not in olga.get(PAGE).content.decode()
    reads = {"name": "In Hamburg", "scopes": ["proposals:read"], "agent": str(agent.pk)}
    wrong = ((olga, reads, "no such agent"), (otto, {**reads, "agent": "x"}, "no such agent"),
             (otto, {**reads, **WANTED}, "may not do that: review proposals"))  # fmt: skip
    for client, wanted, problem in wrong:
        answer = client.post(PAGE, {**wanted, "csrfmiddlewaretoken": token(client)})
        assert (answer.status_code, problem in answer.content.decode()) == (422, True)
    assert not ApiKey.objects.exists()
    otto.post(PAGE, {**reads, "csrfmiddlewaretoken": token(otto)})
    assert ApiKey.objects.get().agent == agent
    submits = {"name": "All", "scopes": ["proposals:submit"], "agent": str(agent.pk)}
    otto.post(PAGE, {**submits, "csrfmiddlewaretoken": token(otto)})
    assert ApiKey.objects.get(name="All").actions is None
    assert "for ERP (outside)" in otto.get(PAGE).content.decode()
    outside.retire(agent=agent, by=world.otto.actor, now=now)
    page = otto.get(PAGE).content.decode()
    assert "Ended: ERP (outside) is retired" in page
    assert "Revoke In Hamburg" not in page
