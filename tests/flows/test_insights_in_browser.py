"""Somebody who answers for the agents looks at the figures, follows one, and takes it home."""

import csv
import re

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import REVIEWER, SignIn, wait_until
from tests.flows.looking import look_over

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPERATOR = "operator@demo.example"


def open_insights(page: Page) -> None:
    """By the navigation, once something has been decided."""

    def number() -> int:
        page.get_by_role("link", name="Insights", exact=True).click()
        expect(page.get_by_role("heading", name="Insights", level=1)).to_be_visible()
        return page.locator("[data-table=outcomes] tbody a").count()

    wait_until(number, 60)


def test_a_number_is_followed_to_its_rows(sign_in: SignIn) -> None:
    """As many rows as the number says; each leads to its proposal, and Back leads back."""
    page = sign_in(OPERATOR)
    open_insights(page)
    number = page.locator("[data-table=outcomes] tbody a").first
    said = int(number.inner_text())
    number.click()
    page.wait_for_url(re.compile("/insights/rows/decided/"))
    expect(page.locator(".rows-table tbody tr")).to_have_count(min(said, 50))
    page.locator(".rows-table tbody a").first.click()
    page.wait_for_url("**/proposals/**")
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="Insights", level=1)).to_be_visible()


def test_days_are_chosen_and_compared(sign_in: SignIn) -> None:
    """The choice is in the address, and stays when figures are narrowed."""
    page = sign_in(REVIEWER)
    open_insights(page)
    page.get_by_role("link", name="7 days").click()
    page.wait_for_url("**/insights/?days=7")
    expect(page.locator("#insights")).to_contain_text("compared with")
    first = page.get_by_label("From", exact=True).input_value()
    page.get_by_label("Compared with", exact=True).select_option("no")
    page.get_by_label("Action", exact=True).select_option("set_price")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(f"from={first}.*action=set_price.*compare=no"))
    expect(page.locator("#insights")).not_to_contain_text("compared with")
    expect(page.locator("[data-table=actions] tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    page.wait_for_url("**/insights/")


def test_a_table_is_taken_home(sign_in: SignIn) -> None:
    """A file a spreadsheet opens, with what the page says."""
    page = sign_in(OPERATOR)
    open_insights(page)
    number = page.locator("[data-table=outcomes] tbody tr").first.locator("td").first.inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of What became of proposals").click()
    text = download.value.path().read_bytes().decode("utf-8-sig")
    lines = list(csv.reader(text.splitlines()))
    assert lines[0][:2] == ["Outcome", "Number"]
    assert int(lines[1][1]) >= int(number)


def test_everybody_can_use_the_pages(sign_in: SignIn) -> None:
    """WCAG 2.2 AA as far as a machine can tell, and nothing is wider than the screen."""
    page = sign_in(OPERATOR, bypass_csp=True)
    for path in ("/insights/", "/insights/rows/decided/?days=7", "/insights/rows/call/"):
        page.goto(path)
        if path == "/insights/":
            page.locator("[data-table=days] summary").click()
        look_over(page)
