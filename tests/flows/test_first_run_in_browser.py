"""A new owner's first minutes: from an empty workspace to an agent with a threshold."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows.conftest import System
from tests.flows.running import NOT_OURS, ROOT, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own: these journeys change what the others look at."""
    with running(tmp_path_factory.mktemp("own")) as started:
        yield started


def make_workspace(system: System) -> tuple[str, str]:
    """As an operator does on the command line: (e-mail, password) of the owner."""
    name = uuid4().hex[:8]
    ours = {key: value for key, value in os.environ.items() if key not in NOT_OURS}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "create_workspace", f"Shop {name}",
         "--owner", f"{name}@example.com"],
        env={**ours, "AIOS_DATA": str(system.data)}, cwd=ROOT, capture_output=True, text=True,
        check=True, timeout=90,
    )  # fmt: skip
    found = re.search(r"password:\s+(\S+)", done.stdout)
    assert found, done.stdout
    return f"{name}@example.com", found[1]


@pytest.fixture
def page(browser: Browser, system: System):
    """The new owner's browser, just signed in."""
    email, password = make_workspace(system)
    context = browser.new_context(base_url=system.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    yield page
    context.close()
    assert errors == []


def test_from_an_empty_workspace_to_a_first_threshold(page: Page, system: System) -> None:
    """Five screens; nothing in the shop changes before the last click."""
    page.wait_for_url("**/guide/welcome/")
    page.locator(".screen").get_by_role("link", name="Connect a shop").click()
    page.get_by_label("Address of the Medusa server").fill(system.shop)
    page.get_by_label("Secret API key").fill("sk_wrong")
    page.get_by_role("button", name="Try and connect").click()
    expect(page.get_by_role("alert").first).to_contain_text("does not accept the key")

    page.get_by_role("button", name="Use the demo shop").click()
    page.wait_for_url("**/guide/agent/")
    page.locator("button[value=repricing]").click()
    expect(page.locator("[data-shadow]")).to_be_visible(timeout=60_000)
    page.goto("/runs/")  # away, and back to where it was
    page.goto("/guide/")
    page.wait_for_url("**/guide/threshold/")

    before = page.locator(".tally .figure").first.inner_text()
    page.get_by_label("Prices may move alone by up to").fill("29")
    page.get_by_role("button", name="Show what that would do").click()
    expect(page.locator(".tally .figure").first).not_to_have_text(before)
    page.get_by_role("button", name="Publish these limits").click()
    expect(page.locator(".screen")).to_contain_text("waits for a second person")
    expect(page.locator(".screen")).to_contain_text("now version 1 decides")
    page.get_by_label("Prices may move alone by up to").fill("2")
    page.get_by_role("button", name="Publish these limits").click()
    expect(page.get_by_label("Prices may move alone by up to")).to_have_value("2")
    expect(page.locator(".screen")).to_contain_text("now version 3 decides")
    page.get_by_role("button", name="Switch Repricing on").click()
    expect(page.get_by_role("status").first).to_contain_text("Repricing is switched on")
