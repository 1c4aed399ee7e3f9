"""An operator's day in the browser: stop, look, let go on, against the shop's own ledger."""

import time
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import REVIEWER, SignIn, System, wait_until
from tests.flows.looking import look_over
from tests.flows.test_review_in_browser import PRICE, open_waiting, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def system(changed_system: System) -> System:
    """These journeys change what the others look at."""
    return changed_system


OPERATOR = "operator@demo.example"


def stop_everything(page: Page, reason: str) -> None:
    """With the keyboard alone: two keys lead to the form, a reason and Enter stop."""
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/operations/stop/")
    expect(page.get_by_label("Why (everybody reads it)")).to_be_focused()
    page.keyboard.type(reason)
    page.keyboard.press("Enter")
    expect(page.locator(".stops")).to_contain_text("Everything is stopped by Otto Operator")


def release(page: Page) -> None:
    """Let it go on, and wait until the page says so."""
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator(".stops").get_by_role("button", name="Release").first.click()
    expect(page.locator(".stops")).to_have_count(0)


def calling(system: System) -> int:
    """How many executions a worker has begun with."""
    with psycopg.connect(system.owner_url()) as database:
        states = "SELECT count(*) FROM gateway_execution WHERE state IN ('claimed', 'calling')"
        row = database.execute(states).fetchone()
    return int(row[0]) if row else 0


def of_sku(ledger: list[dict[str, Any]], sku: str) -> list[dict[str, Any]]:
    """The shop's writes on one article."""
    return [line for line in ledger if line["params"].get("sku") == sku]


def test_nothing_is_called_while_everything_is_stopped(system: System, sign_in: SignIn) -> None:
    """An approval waits, the operator sees why, and after the release it is called once."""
    reviewer, operator = sign_in(REVIEWER), sign_in(OPERATOR)
    open_waiting(reviewer, PRICE)
    sku = reviewer.locator(".change .target").first.inner_text().rpartition(" · ")[2]
    reviewer.evaluate("window.neverReloaded = true")

    stop_everything(operator, "Odd prices in the shop.")

    expect(reviewer.locator(".stops")).to_contain_text("Odd prices in the shop.")
    expect(reviewer.get_by_role("button", name="Release")).to_have_count(0)
    wait_until(lambda: not calling(system), 30)  # what was under way has ended
    earlier = system.ledger()
    reviewer.get_by_role("button", name="Approve").click()
    expect(reviewer.locator("#panel")).to_have_attribute("data-state", "approved")
    operator.goto("/operations/stuck/?why=stopped")
    stuck = operator.locator("[data-stuck=stopped]").first
    stuck.get_by_role("button", name="Dry run").click()
    shown = stuck.locator("[data-dry-run]")
    expect(shown).to_contain_text("It would not be called now.")
    expect(shown).to_contain_text("Odd prices in the shop.")
    expect(shown).to_be_focused()
    time.sleep(3)
    assert system.ledger() == earlier

    release(operator)

    settled(reviewer)
    assert reviewer.evaluate("window.neverReloaded")
    expect(reviewer.locator(".stops")).to_have_count(0)
    new = system.ledger()[len(earlier) :]
    assert [line["action"] for line in of_sku(new, sku)] == ["set_price"]


def test_an_execution_is_followed_from_its_proposal(sign_in: SignIn) -> None:
    """The list leads to one with its attempt, its grant and the shop's own reference."""
    page = sign_in(OPERATOR)

    def find() -> int:
        page.goto("/operations/?state=done&action=set_price")
        return page.locator(".executions a").count()

    wait_until(find, 60)
    page.locator(".executions a").first.click()
    expect(page.locator("[data-attempt='1'] .badge")).to_have_text("Done and proven")
    expect(page.locator("[data-grant=used]")).to_be_visible()
    expect(page.locator("[data-receipt]")).to_contain_text("Reference of the back end")
    page.locator(".headline a[href^='/proposals/']").click()
    expect(page.locator("#panel")).to_have_attribute("data-state", "done")


def test_everybody_can_use_the_pages(sign_in: SignIn) -> None:
    """WCAG 2.2 AA as far as a machine can tell, and nothing is wider than the screen."""
    page = sign_in(OPERATOR, bypass_csp=True)
    page.goto("/operations/stop/?scope=action&target=cancel_order")
    page.get_by_label("Why (everybody reads it)").fill("A trial.")
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator(".stops")).to_contain_text("A trial.")
    page.goto("/operations/")
    one = page.locator(".executions a").first.get_attribute("href")
    paths = ("/operations/", one, "/operations/stuck/", "/operations/connectors/",
             "/operations/stop/", "/")  # fmt: skip
    for path in paths:
        page.goto(path or "/")
        look_over(page)
    release(page)
