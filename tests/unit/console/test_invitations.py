"""The page behind an invitation: shown by a GET, joined by a POST, closed with a way on.

Mallory's workspace shares the installation, so the link alone makes no account.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts import invitations
from apps.accounts.models import Invitation, Membership, User, Workspace
from tests.conftest import PASSWORD, Cast
from tests.factories.signing_in import sign_in

pytestmark = pytest.mark.django_db
NEW = "ida@example.com"
NEWCOMER = {"name": "Ida", "password": PASSWORD}


@pytest.fixture
def link(workspace: Workspace, cast: Cast):
    """The page of an invitation by Olga for an address."""

    def make(email: str = NEW, role: str = "reviewer", *, now: datetime | None = None) -> str:
        made = invitations.invite(workspace=workspace, email=email, role=role, by=cast.olga,
                                  now=now or timezone.now())  # fmt: skip
        return f"/invitations/{made[1]}/"

    return make


@pytest.fixture(autouse=True)
def _no_letters_yet() -> None:
    """Those of the test before count for its addresses only."""
    cache.clear()


def mailed(page: str) -> str:
    """The page whose link the button of the invitation mails to its address."""
    assert Client().post(page).status_code == 302
    found = re.search(r"/invitations/\S+", str(mail.outbox[-1].body))
    assert found
    return found[0]


def is_in(user: User, workspace: Workspace) -> bool:
    """Whether they have a place."""
    return Membership.objects.filter(user=user, workspace=workspace).exists()


def text_of(page: str, email: str) -> str:
    """A page without what differs between any two: the address, the link and the token of forms."""
    page = re.sub(r"/invitations/[^/]+/|%2Finvitations%2F[^%]+%2F", "LINK", page)
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|nonce="[^"]*"', "", page)
    return page.replace(email, "ADDRESS")


def test_the_page_does_not_tell_whether_there_is_an_account(link, cast: Cast) -> None:
    """Nobody signed in: byte for byte the same for a stranger and an owner elsewhere."""
    pages = [
        text_of(Client().get(link(email)).content.decode(), email)
        for email in (NEW, cast.mallory.email)
    ]
    assert "ADDRESS" in pages[0]
    assert pages[0] == pages[1]


def test_who_holds_the_link_does_not_learn_whether_there_is_an_account(link, cast: Cast) -> None:
    """Olga presses every button of it, with any name and password: nothing differs, nothing is made."""
    seen = []
    for email in (NEW, cast.mallory.email):
        client, page = Client(), link(email)
        for form in ({}, NEWCOMER, {"name": "X", "password": "a new long phrase"}):
            answer = client.post(page, form, follow=True)
            seen.append(
                (email, answer.redirect_chain[-1][1], text_of(answer.content.decode(), email))
            )
    assert [what for who, *what in seen if who == NEW] == [
        what for who, *what in seen if who != NEW
    ]
    assert "on its way to ADDRESS" in seen[0][2]
    assert {letter.to[0] for letter in mail.outbox} == {NEW, cast.mallory.email}
    assert [
        text_of(str(letter.body).split("http")[0], letter.to[0]) for letter in mail.outbox[:3]
    ] == [text_of(str(letter.body).split("http")[0], letter.to[0]) for letter in mail.outbox[3:]]
    assert not User.objects.filter(email=NEW).exists()


def test_what_is_mailed_is_shown_to_nobody_else(link) -> None:
    """The page after the button has no link of it, and the address has one, for an hour."""
    page = link()
    answer = Client().post(page, follow=True)
    proven = mailed(page)
    assert proven.removeprefix(page) not in answer.content.decode()
    assert mail.outbox[-1].to == [NEW]
    assert 'type="password"' not in Client().get(page).content.decode()
    assert 'type="password"' in Client().get(proven).content.decode()


@pytest.mark.parametrize("forge", [
    lambda page, proof, other: page + proof[:-2] + "A/",
    lambda page, proof, other: page + other,
    lambda page, proof, other: page + "x/",
])  # fmt: skip
def test_a_proof_is_of_one_address(link, cast: Cast, forge: Callable[..., str]) -> None:
    """Of another invitation or made up, it opens the page that mails one, and makes nobody."""
    page, other = link(), link("bo@example.com")
    proof, others = mailed(page).removeprefix(page), mailed(other).removeprefix(other)
    assert Client().post(forge(page, proof, others), NEWCOMER).status_code == 302
    assert not User.objects.filter(email=NEW).exists()


def test_a_proof_lasts_an_hour(link, time_machine) -> None:
    """Afterwards another can be had."""
    page = link()
    proven = mailed(page)
    time_machine.move_to(timezone.now() + timedelta(hours=1, seconds=1))
    assert 'type="password"' not in Client().get(proven).content.decode()
    assert Client().post(proven, NEWCOMER).status_code == 302
    assert not User.objects.filter(email=NEW).exists()
    assert Client().post(mailed(page), NEWCOMER).status_code == 302
    assert User.objects.filter(email=NEW).exists()


def test_nobody_is_flooded_with_letters(link) -> None:
    """Five an hour, whoever presses and whichever invitation it is; the page stays the same."""
    pages = {
        Client().post(link(), follow=True).content.decode().count("on its way") for _ in range(9)
    }
    assert pages == {1}
    assert len(mail.outbox) == 5


def test_a_mail_that_cannot_be_sent_is_said(link, settings) -> None:
    """With the page to try again from."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = Client().post(link())
    assert answer.status_code == 503
    assert "could not be sent" in answer.content.decode()
    assert "Mail me the link" in answer.content.decode()


def test_alone_in_an_installation_the_link_is_enough(link, elsewhere: Workspace) -> None:
    """A small shop may have no mail server, and there is nobody else to tell of."""
    page = link()
    elsewhere.delete()
    assert Client().post(page, NEWCOMER).status_code == 302
    assert User.objects.filter(email=NEW).exists()
    assert not mail.outbox


def test_looking_joins_nobody(link, cast: Cast, workspace: Workspace) -> None:
    """A mail reader that follows links neither makes an account nor uses the link up."""
    page = link(cast.mallory.email)
    for client in (Client(), sign_in(Client(), cast.mallory)):
        for ask in (client.get, client.head):
            answer = ask(page)
            assert answer.status_code == 200
            assert "no-store" in answer["Cache-Control"]
    assert not is_in(cast.mallory, workspace)
    assert Invitation.objects.get().accepted_at is None


def test_a_newcomer_is_in_at_once(link, workspace: Workspace) -> None:
    """Signed in, at the queue of the workspace, and not in the admin."""
    client, page = Client(), mailed(link())
    answer = client.post(page, NEWCOMER, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert workspace.name in answer.content.decode()
    assert client.get("/admin/", follow=True).status_code == 403
    assert Client().post(page, NEWCOMER).status_code == 410


@pytest.mark.parametrize(
    ("slip", "words"),
    [({"password": "short"}, "too short"), ({"name": " "}, "required"),
     ({"password": "ida@example.com"}, "too similar"), ({"name": "a\x00b"}, "Null")],
)  # fmt: skip
def test_what_was_typed_wrongly_is_said(link, slip: dict[str, str], words: str) -> None:
    """The name stays typed, the password does not come back."""
    answer = Client().post(mailed(link()), NEWCOMER | slip)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert not User.objects.filter(email=NEW).exists()


def test_somebody_signed_in_joins_with_a_button(link, cast: Cast, workspace: Workspace) -> None:
    """And sits at the new workspace."""
    client, page = sign_in(Client(), cast.mallory), link(cast.mallory.email)
    assert 'type="password"' not in client.get(page).content.decode()
    answer = client.post(page, follow=True)
    assert is_in(cast.mallory, workspace)
    assert workspace.name in answer.content.decode()
    assert Client().get(page).status_code == 410


def test_somebody_with_an_account_signs_in_and_comes_back(link, cast: Cast) -> None:
    """The link of the page leads through the sign-in to the page."""
    client, page = Client(), link(cast.mallory.email)
    found = re.search(r'href="(/accounts/login/\?next=[^"]+)"', client.get(page).content.decode())
    assert found
    cache.clear()
    answer = client.post(found[1], {"login": cast.mallory.email, "password": PASSWORD})
    assert answer["Location"] == page


def test_the_second_factor_stands_before_the_page(link, cast: Cast, workspace: Workspace) -> None:
    """After the password alone nobody is signed in, and the button of the page lets nobody in."""
    TOTP.activate(cast.mallory, generate_totp_secret())
    client, page = Client(), link(cast.mallory.email)
    cache.clear()
    answer = client.post("/accounts/login/", {"login": cast.mallory.email, "password": PASSWORD})
    assert "/2fa/authenticate/" in answer["Location"]
    page = mailed(page)
    assert client.post(page).status_code == 422
    assert client.post(page, NEWCOMER).status_code == 409
    assert not is_in(cast.mallory, workspace)
    assert client.get("/preferences/keys").status_code == 302


def test_who_has_the_link_takes_no_account_over(link, cast: Cast, workspace: Workspace) -> None:
    """Not even who reads the mail: no password changes, nobody is signed in as them."""
    client = Client()
    answer = client.post(
        mailed(link(cast.mallory.email)), {"name": "X", "password": "a new long phrase"}
    )
    assert answer.status_code == 409
    assert "sign in with it" in answer.content.decode()
    assert client.get("/preferences/keys").status_code == 302
    assert User.objects.get(pk=cast.mallory.pk).check_password(PASSWORD)
    assert not is_in(cast.mallory, workspace)


def test_the_link_of_another_lets_nobody_in(link, cast: Cast) -> None:
    """Signed in with another address, nothing is joined, nor made for the address."""
    client, page = sign_in(Client(), cast.mallory), link()
    for form in ({}, NEWCOMER):
        answer = client.post(page, form)
        assert answer.status_code == 403
        assert "for somebody else" in answer.content.decode()
    assert not User.objects.filter(email=NEW).exists()
    answer = client.post(re.search(r'action="([^"]+)"', answer.content.decode())[1])
    assert answer["Location"] == page


def test_a_link_that_is_over_tells_nothing_but_what_to_do(link, workspace: Workspace) -> None:
    """Wrong, used, withdrawn, expired: by whichever act."""
    used, withdrawn = link(), link("bo@example.com")
    link("bo@example.com")
    expired = link("cy@example.com", now=timezone.now() - timedelta(days=8))
    Client().post(mailed(used), NEWCOMER)
    for page, status, words in (("/invitations/x/", 404, "exactly as it was sent"),
                                (used, 410, "used already"), (withdrawn, 410, "withdrawn"),
                                (expired, 410, "has expired")):  # fmt: skip
        for answer in (Client().get(page), Client().post(page, NEWCOMER)):
            assert answer.status_code == status
            assert words in answer.content.decode()
            assert workspace.name not in answer.content.decode()


def test_a_member_loses_nothing_by_an_old_link(link, cast: Cast, workspace: Workspace) -> None:
    """Their role stays; they land in the queue."""
    page = link(cast.mallory.email)
    workspace.memberships.create(user=cast.mallory, role="operator")
    answer = sign_in(Client(), cast.mallory).post(page)
    assert answer["Location"] == "/"
    assert Membership.objects.get(user=cast.mallory, workspace=workspace).role == "operator"


def test_another_site_joins_nobody(link) -> None:
    """A POST without this browser's token is refused."""
    assert Client(enforce_csrf_checks=True).post(link(), NEWCOMER).status_code == 403
    assert not User.objects.filter(email=NEW).exists()
