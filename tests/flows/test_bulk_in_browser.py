"""Approving similar proposals together: chosen in the list, previewed, confirmed once."""

import re

import pytest
from playwright.sync_api import expect

from tests.flows.conftest import REVIEWER, SignIn, System
from tests.flows.reviewing import propose_texts

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHORT = ["Waterproof and light.", "Made to last for years.", "For cold nights outside.",
         "Packs very small indeed.", "Repaired free of charge."]  # fmt: skip
LONG = "Made by hand, " * 20


def test_similar_low_risk_is_approved_together_without_the_odd_one(
    system: System, sign_in: SignIn
) -> None:
    """The preview names the outlier and why; two of the others, drawn by lot, are opened first.

    Then each is carried out, with its result.
    """
    titles = propose_texts(system, [*SHORT, LONG])
    page = sign_in(REVIEWER)
    for title in titles:
        page.get_by_label(f"Select {title}").check()
    tray = page.locator("[data-tray]")
    expect(tray).to_contain_text(f"{len(titles)} selected")
    page.get_by_role("button", name="Approve together…").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Approve {len(SHORT)} together")
    left_out = page.locator("section", has_text="Left out").locator("tbody tr")
    expect(left_out).to_have_count(1)
    expect(left_out).to_contain_text(titles[-1])
    expect(left_out).to_contain_text("characters, the others around")

    approve = page.get_by_role("button", name=f"Approve these {len(SHORT)}")
    approve.click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was approved. Open 2 of these first")
    for left in (1, 0):
        drawn = page.get_by_role("button", name="Open Subtitle").first
        title = drawn.inner_text().removeprefix("Open").strip()
        drawn.click()
        expect(page.locator("#panel h1")).to_have_text(title)
        page.go_back()
        expect(page.get_by_role("button", name="Open Subtitle")).to_have_count(left)
    expect(page.get_by_text("Drawn, and opened by you")).to_have_count(2)
    approve.click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"{len(SHORT)} approved")
    expect(page.locator(".badge.good")).to_have_count(len(SHORT))
    page.goto("/history/?q=" + titles[0].replace(" ", "+"))
    expect(page.locator(".table .badge").first).to_contain_text(re.compile("Approved|Done"))


def test_high_risk_is_not_offered_and_not_taken(system: System, sign_in: SignIn) -> None:
    """Rows of high and medium risk have no box; a preview made by hand leaves them out."""
    propose_texts(system, SHORT[:1])
    page = sign_in(REVIEWER)
    high = page.locator("#list li", has=page.locator(".risk.high")).first
    expect(high.locator("[name=pick]")).to_have_count(0)
    wanted = high.locator(".row").get_attribute("data-proposal")

    page.goto(f"/bulk?pick={wanted}")

    expect(page.get_by_role("main")).to_contain_text("It is high risk; only low risk is approved")
    expect(page.get_by_role("button", name="Approve these")).to_have_count(0)


def test_rows_are_chosen_with_keys(system: System, sign_in: SignIn) -> None:
    """`x` selects, Shift+J goes on, Escape clears."""
    propose_texts(system, SHORT[:3])
    page = sign_in(REVIEWER)
    first = page.locator("#list li:has([name=pick]) .row").first
    first.focus()
    page.keyboard.press("x")
    expect(page.locator("[data-tray]")).to_contain_text("1 selected")
    page.keyboard.press("Shift+J")
    expect(page.locator("[data-tray]")).to_contain_text("2 selected")
    page.keyboard.press("Escape")
    expect(page.locator("[data-tray]")).to_be_hidden()
    expect(page.locator("[name=pick]:checked")).to_have_count(0)
