"""Guessing passwords: it slows an address down, and locks nobody out."""

import pytest
from django.core.cache import cache
from django.test import Client

from tests.conftest import Cast

pytestmark = pytest.mark.django_db
PASSWORD = "a long pass phrase, 1"
TOO_MANY = "Too many failed login attempts"


@pytest.fixture(autouse=True)
def no_attempts() -> None:
    """What other tests have tried is forgotten."""
    cache.clear()


@pytest.fixture
def owner(cast: Cast) -> str:
    """The address of an owner who has a password."""
    cast.olga.set_password(PASSWORD)
    cast.olga.save()
    return cast.olga.email


def sign_in(email: str, password: str, *, address: str, forwarded: str = "") -> tuple[bool, str]:
    """Whether a client at an address is signed in, and what the page says."""
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    answer = Client(REMOTE_ADDR=address, headers=headers).post(
        "/accounts/login/", {"login": email, "password": password}
    )
    return answer.status_code == 302, answer.content.decode()


def test_guessing_locks_nobody_out(owner: str) -> None:
    """However many guess from anywhere, the owner signs in from where they are."""
    for host in range(1, 9):
        for n in range(6):
            sign_in(owner, f"guess {n}", address=f"203.0.113.{host}")
    assert sign_in(owner, PASSWORD, address="198.51.100.7")[0]


def test_guessing_slows_an_address_down(owner: str) -> None:
    """After five wrong ones also the right one is not tried, whoever's it is."""
    for n in range(5):
        assert TOO_MANY not in sign_in(owner, f"guess {n}", address="203.0.113.1")[1]
    signed_in, page = sign_in(owner, PASSWORD, address="203.0.113.1")
    assert not signed_in
    assert TOO_MANY in page


def test_an_address_is_not_what_the_client_says(owner: str) -> None:
    """A header is a new address each time, and believed from no client."""
    for n in range(5):
        sign_in(owner, f"guess {n}", address="203.0.113.1", forwarded=f"192.0.2.{n}")
    assert TOO_MANY in sign_in(owner, "again", address="203.0.113.1", forwarded="192.0.2.99")[1]


def test_behind_a_proxy_it_is_what_the_proxy_says(owner: str, settings) -> None:  # type: ignore[no-untyped-def]
    """Where one is configured: the last address of the header, whatever stands before."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for n in range(5):
        sign_in(owner, "guess", address="10.0.0.1", forwarded=f"192.0.2.{n}, 203.0.113.1")
    assert TOO_MANY in sign_in(owner, "again", address="10.0.0.1", forwarded="203.0.113.1")[1]
    assert sign_in(owner, PASSWORD, address="10.0.0.1", forwarded="203.0.113.2")[0]
