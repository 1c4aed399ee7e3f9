"""An owner invites by address; somebody new and somebody with an account join by their links."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.flows.conftest import JUNIOR, OWNER, System, fill_in
from tests.flows.looking import find_faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NEW = "new@demo.example"
PASSWORD = "a rather long pass phrase"
LINK = re.compile(r"http://\S+/invitations/[\w-]+/")
OpenBrowser = Callable[[], Page]


@pytest.fixture
def open_browser(browser: Browser, changed_system: System) -> Iterator[OpenBrowser]:
    """Browsers of different people."""
    contexts: list[BrowserContext] = []

    def start() -> Page:
        context = browser.new_context(base_url=changed_system.url, bypass_csp=True)
        context.set_default_timeout(30_000)
        contexts.append(context)
        return context.new_page()

    yield start
    for context in contexts:
        context.close()


@pytest.fixture
def owner(changed_system: System, open_browser: OpenBrowser) -> Page:
    """The owner's browser."""
    page = open_browser()
    page.goto("/")
    fill_in(page, OWNER, changed_system.password(OWNER))
    return page


def invite(page: Page, email: str, role: str) -> str:
    """In the admin, by hand; the link that is shown."""
    page.goto("/admin/accounts/invitation/add/")
    page.select_option("#id_workspace", index=1)
    page.fill("#id_email", email)
    page.select_option("#id_role", role)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/admin/accounts/invitation/")
    found = LINK.search(page.locator("body").inner_text())
    assert found
    return found.group()


def test_people_join_by_the_link_they_were_sent(
    changed_system: System, owner: Page, open_browser: OpenBrowser
) -> None:
    """The new person chooses a password and is in; the link is used up, and a wrong one says so."""
    link = invite(owner, NEW, "reviewer")

    newcomer = open_browser()
    newcomer.goto(link)
    expect(newcomer.get_by_role("heading", level=1)).to_contain_text("Join")
    assert find_faults(newcomer, None) == []
    newcomer.get_by_label("Name").fill("Nia")
    newcomer.get_by_label("Password").fill("short")
    newcomer.get_by_role("button", name="Join").click()
    expect(newcomer.locator(".problem:visible").first).to_contain_text("too short")
    newcomer.get_by_label("Password").fill(PASSWORD)
    newcomer.get_by_role("button", name="Join").click()
    expect(newcomer.get_by_role("button", name="Menu of Nia")).to_be_visible()

    late = open_browser()
    late.goto(link)
    expect(late.get_by_role("heading", level=1)).to_have_text("This link lets nobody in")
    expect(late.locator("main")).to_contain_text("used already")
    assert find_faults(late, None) == []


def test_who_has_an_account_signs_in_and_comes_back(
    changed_system: System, owner: Page, open_browser: OpenBrowser
) -> None:
    """The link leads through the sign-in and back; there it is told that it is for another."""
    link = invite(owner, "else@demo.example", "operator")

    junior = open_browser()
    junior.goto(link)
    junior.get_by_role("link", name="Sign in").first.click()
    junior.get_by_label("Email").fill(JUNIOR)
    junior.get_by_label("Password").fill(changed_system.password(JUNIOR))
    junior.get_by_role("button", name="Sign in", exact=True).click()
    junior.wait_for_url(link)
    expect(junior.get_by_role("heading", level=1)).to_contain_text("for somebody else")
    assert find_faults(junior, None) == []
    junior.get_by_role("button", name="Sign out").click()
    junior.wait_for_url(link)
    expect(junior.get_by_label("Name")).to_be_visible()
