"""A passkey instead of the password: added, used and removed, with the browser's own authenticator.

A passkey belongs to a name, never to a bare address, so the console is visited as `localhost`.
"""

import re
from collections.abc import Iterator

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.flows.conftest import REVIEWER, System

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AUTHENTICATOR = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                 "hasUserVerification": True, "isUserVerified": True,
                 "automaticPresenceSimulation": True}  # fmt: skip
KEYS = "/accounts/2fa/webauthn/"


@pytest.fixture
def page(browser: Browser, system: System) -> Iterator[Page]:
    """A browser with a fingerprint reader; what fails in a script fails the test."""
    errors: list[str] = []
    context = browser.new_context(base_url=system.url.replace("127.0.0.1", "localhost"))
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    reader = context.new_cdp_session(page)
    reader.send("WebAuthn.enable")
    reader.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    yield page
    context.close()
    with psycopg.connect(system.owner_url()) as database:  # the others sign in with a password
        database.execute("DELETE FROM mfa_authenticator")
    assert errors == []


def sign_in(page: Page, system: System) -> None:
    """With the password."""
    page.goto("/")
    page.get_by_label("Email").fill(REVIEWER)
    page.get_by_label("Password").fill(system.password(REVIEWER))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Menu of")).to_be_visible()


def open_menu(page: Page) -> Locator:
    """The person's menu, on a page that does not change under it."""
    page.goto("/history/")
    page.get_by_role("button", name="Menu of").click()
    return page.locator("#menu")


def add(page: Page, system: System) -> None:
    """From the menu: the password once more, then a key with a name."""
    open_menu(page).get_by_role("link", name="Passkeys and second factor").click()
    page.wait_for_url("**/accounts/2fa/")
    page.locator("a[href*='/webauthn/']").click()
    page.get_by_label("Password").fill(system.password(REVIEWER))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Passwordless").check()
    violations = Axe().run(page).response["violations"]
    assert violations == [], [one["id"] for one in violations]
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/**")


def sign_out(page: Page) -> None:
    """By the menu."""
    open_menu(page).get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/accounts/login/"))


def test_a_passkey_is_added_used_and_removed(system: System, page: Page) -> None:
    """Signed in without a password, back to the page that was asked for; removed, it is no key."""
    page.goto("/accounts/login/")
    sign_in(page, system)
    add(page, system)
    page.goto(KEYS)
    expect(page.locator("main")).to_contain_text("My laptop")

    sign_out(page)
    page.goto("/history/?q=refund")
    page.wait_for_url(re.compile("/accounts/login/"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/history/?q=refund")
    expect(page.get_by_role("button", name="Menu of")).to_be_visible()

    page.goto(KEYS)
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="Use a security key").click()  # asked again before it goes
    page.get_by_role("button", name="Use a security key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No security keys have been added")


def test_a_key_of_nobody_is_told_of_in_words(system: System, page: Page) -> None:
    """A reader without a key for this site: the page says so, and the password still works."""
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The key was not used")
    sign_in(page, system)
