"""The queue: its splits, live without jumping, context kept, light and still."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import REVIEWER, SignIn, System, wait_until
from tests.flows.reviewing import (
    PLAN_SECONDS,
    PRICE,
    go_to,
    press,
    propose_texts,
    rows_like,
    shown_after,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HEAVIEST = 150_000  # bytes of the focus view, as sent, nothing cached
SHIFT = 0.02  # of the view: as good as nothing moves by itself
WHILE_LOADING = 0.1  # "good" by the Web Vitals: times are put into words by a script

WATCH = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) shifts.push(one.value);
  }).observe({ type: "layout-shift", buffered: true });
"""

# a refresh has been swapped in and has not settled when the next row is clicked
OPENED_WHILE_SETTLING = """
  document.addEventListener("htmx:afterSwap",
    () => document.querySelectorAll("#list .row")[2].click(), { once: true });
  document.querySelector("[data-look]").click();
"""

COUNTS = """() => [Number(document.querySelector("#splits [aria-current] .number").textContent),
  document.querySelectorAll("#list .row:not([data-gone])").length,
  document.querySelectorAll("#list .row:not([data-gone]) .risk.high").length]"""


def test_splits_are_tabs_with_counts_in_the_address(sign_in: SignIn) -> None:
    """Empty ones are hidden; a split shows only its own and survives a reload."""
    page = sign_in(REVIEWER)
    tabs = page.locator("#splits a")
    wait_until(lambda: reload(page).locator(".risk.high").count() > 1, PLAN_SECONDS)
    expect(tabs.filter(has_text="Snoozed")).to_have_count(0)
    tabs.filter(has_text="High risk").click()
    expect(page).to_have_url(re.compile(r"/\?split=high$"))
    page.reload()
    expect(tabs.filter(has_text="High risk")).to_have_attribute("aria-current", "page")
    counted, rows, high = page.evaluate(COUNTS)
    assert counted == rows == high > 1
    page.locator("#list .row").nth(1).click()
    expect(page).to_have_url(re.compile(r"split=high$"))


def test_back_brings_back_the_panel_and_leaves_the_list(sign_in: SignIn) -> None:
    """The list keeps its place while proposals are opened, and on the way back."""
    page = sign_in(REVIEWER)
    wait_until(lambda: reload(page).locator("#list .row").count() > 12, PLAN_SECONDS)
    page.evaluate("document.querySelector('#list ol').dataset.same = 'yes'")
    first, second = (page.locator("#list .row").nth(n) for n in (9, 10))
    names = [one.locator(".title").inner_text() for one in (first, second)]
    first.click()
    expect(page.locator("#panel h1")).to_have_text(names[0])
    scrolled = page.evaluate("document.querySelector('#list ol').scrollTop")
    second.click()
    expect(page.locator("#panel h1")).to_have_text(names[1])
    page.go_back()
    expect(page.locator("#panel h1")).to_have_text(names[0])
    expect(first).to_have_attribute("aria-current", "true")
    expect(page.locator("#list ol")).to_have_attribute("data-same", "yes")
    assert abs(page.evaluate("document.querySelector('#list ol').scrollTop") - scrolled) < 60


def test_what_is_opened_while_a_refresh_settles_is_a_step_of_back(sign_in: SignIn) -> None:
    """A proposal opened just while another was drawn again has an address and a way back."""
    page = sign_in(REVIEWER)
    wait_until(lambda: reload(page).locator("#list .row").count() > 2, PLAN_SECONDS)
    rows = page.locator("#list .row")
    first, second = (rows.nth(n).locator(".title").inner_text() for n in (1, 2))
    rows.nth(1).click()
    expect(page.locator("#panel h1")).to_have_text(first)
    address = page.url
    page.evaluate(OPENED_WHILE_SETTLING)
    expect(page.locator("#panel h1")).to_have_text(second)
    expect(page).not_to_have_url(address)
    page.go_back()
    expect(page.locator("#panel h1")).to_have_text(first)
    expect(page).to_have_url(address)


def test_what_happens_can_be_paused(system: System, sign_in: SignIn) -> None:
    """Paused, what is new is only counted on the button; going on tells it."""
    page = sign_in(REVIEWER)
    pause = page.get_by_role("button", name="updates, pause")
    page.keyboard.press("p")
    expect(pause).to_have_attribute("aria-pressed", "true")
    titles = page.locator("#list .row .title").all_inner_texts()
    [new] = propose_texts(system, ["For winter."])
    expect(pause).to_contain_text(re.compile(r"Paused \(\d+\)"))
    expect(page.locator("[data-news]")).to_be_hidden()
    assert page.locator("#list .row .title").all_inner_texts() == titles
    mine = page.locator("#list .row", has_text=new)

    def tell() -> int:
        if pause.get_attribute("aria-pressed") == "true":
            pause.click()
        if page.locator("[data-news]").is_visible():
            page.locator("[data-news]").click()
        return mine.count()

    wait_until(tell, PLAN_SECONDS)


def test_the_focus_view_is_light_and_nothing_moves(sign_in: SignIn) -> None:
    """All that is sent for it, nothing cached, and no layout shift through decisions."""
    page = sign_in(REVIEWER)
    go_to(page, PRICE, at_least=3)
    page.add_init_script(WATCH)
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sent: list[float] = []
    client.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    page.reload()
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")
    assert 20_000 < sum(sent) < HEAVIEST, sent

    page.wait_for_timeout(500)
    assert sum(page.evaluate("window.shifts")) < WHILE_LOADING
    page.evaluate("window.shifts.length = 0")
    before = page.locator("#panel h1").inner_text()
    press(page, "s")
    after = shown_after(page, before, "Skipped;")
    press(page, "a")
    shown_after(page, after, "Approved.")
    page.wait_for_timeout(800)
    assert sum(page.evaluate("window.shifts")) < SHIFT


def test_the_next_is_there_before_it_is_asked_for(sign_in: SignIn) -> None:
    """The answer to a decision is short: the next panel was fetched while this one was read."""
    page = sign_in(REVIEWER)
    fetched: list[str] = []
    page.on("requestfinished", lambda request: fetched.append(request.url))
    title = go_to(page, PRICE, at_least=2)
    coming = page.locator("#decide").get_attribute("data-next") or "none"

    def is_there() -> bool:
        page.wait_for_timeout(50)
        return any(address.endswith(coming) for address in fetched)

    wait_until(is_there, PLAN_SECONDS)
    with page.expect_response(re.compile(r"/skip$")) as answer:
        press(page, "s")
    assert "aios:advance" in (answer.value.headers.get("hx-trigger-after-settle") or "")
    assert 'id="panel"' not in answer.value.text()
    shown_after(page, title, "Skipped;")
    assert rows_like(page, PRICE).count()


def reload(page: Page) -> Page:
    """The queue as it is now."""
    page.goto("/")
    return page
