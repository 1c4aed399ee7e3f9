"""The whole system as a person starts it, and browsers signed in as its demo people."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.flows.running import System, running, wait_until

__all__ = ["JUNIOR", "OWNER", "REVIEWER", "SignIn", "System", "unattested", "wait_until"]

expect.set_options(timeout=15_000)  # ms; the machine may have more to do than this

OWNER, REVIEWER, JUNIOR = "owner@demo.example", "reviewer@demo.example", "junior@demo.example"


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """`manage.py up` on free ports with a folder of its own, stopped at the end."""
    with running(tmp_path_factory.mktemp("system")) as started:
        yield started
        assert not unattested(started)


@pytest.fixture(scope="session")
def changed_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """Another one, for journeys that change what the others look at."""
    with running(tmp_path_factory.mktemp("changed")) as started:
        yield started
        assert not unattested(started)


UNATTESTED = """
    SELECT DISTINCT kind, actor, session FROM audit_event WHERE NOT audit_attested(actor, session)
"""


def unattested(system: System) -> list[tuple[str, str, str]]:
    """What the journeys recorded that the database does not believe: kind, actor, session."""
    with psycopg.connect(system.owner_url()) as database:
        return database.execute(UNATTESTED).fetchall()


SignIn = Callable[..., Page]


@pytest.fixture(scope="session")
def sessions() -> dict[tuple[str, str], StorageState]:
    """What the browser of somebody keeps who has signed in: (system, e-mail) -> cookies."""
    return {}


@pytest.fixture
def sign_in(
    browser: Browser, system: System, sessions: dict[tuple[str, str], StorageState]
) -> Iterator[SignIn]:
    """Opens the inbox as a person, in a browser of their own; errors on the page fail the test.

    The form is filled in once for each person; their next browsers bring the session along.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_inbox(email: str, **options: Any) -> Page:
        given = {"viewport": {"width": 1280, "height": 900}, **options}
        who = (system.url, email)
        context = browser.new_context(base_url=system.url, storage_state=sessions.get(who), **given)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/")
        if who not in sessions:
            fill_in(page, email, system.password(email))
            sessions[who] = context.storage_state()
        page.wait_for_url("/")
        return page

    yield open_inbox
    for context in contexts:
        for page in context.pages:  # an answer still held back is nobody's any more
            page.unroute_all(behavior="ignoreErrors")
        context.close()
    assert errors == []


def fill_in(page: Page, email: str, password: str) -> None:
    """The form to sign in with, and wait for the queue."""
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("/")
