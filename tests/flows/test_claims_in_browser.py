"""Two people at one queue: who opens a proposal decides it, the other reads and is told."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.proposals.operations import CLAIM_LEASE
from tests.flows.conftest import OWNER, REVIEWER, SignIn
from tests.flows.reviewing import PRICE, go_to, press, shown_after

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAPSED = 1000 * (CLAIM_LEASE.total_seconds() + 15)  # ms


def test_the_second_reads_until_the_first_lets_go(sign_in: SignIn) -> None:
    """The strip and the row say who is on it; on leaving, the other's buttons come alive."""
    first, second = sign_in(REVIEWER), sign_in(OWNER)
    title = go_to(first, PRICE, at_least=3)
    expect(first.locator("#claim")).to_have_attribute("data-state", "mine")

    second.goto(first.url)
    expect(second.locator("#claim")).to_contain_text("Rita Reviewer is on it until")
    for name in ("Approve", "Edit", "Reject", "Snooze"):
        expect(second.get_by_role("button", name=name, exact=True)).to_be_disabled()
    row = second.locator("#list .row", has_text=title)
    expect(row).to_contain_text("Rita Reviewer is on it")
    press(second, "a")
    expect(second.locator("#panel")).to_have_attribute("data-state", "waiting")

    first.keyboard.press("]")
    expect(first.locator("#panel h1")).not_to_have_text(title)

    expect(second.locator("#claim")).to_have_attribute("data-state", "mine")
    expect(second.get_by_role("button", name="Approve", exact=True)).to_be_enabled()
    expect(row).to_contain_text("You are on it")
    expect(first.locator("#list .row", has_text=title)).to_contain_text("Olga Owner is on it")


def test_the_next_is_never_what_somebody_else_is_on(sign_in: SignIn) -> None:
    """Auto-advance passes over it, and closing the page frees it."""
    first, second = sign_in(REVIEWER), sign_in(OWNER)
    go_to(first, PRICE, at_least=4)
    coming = first.locator("#decide").get_attribute("data-next") or ""
    second.goto(coming)
    # a browser closed by the test before may still hold it, for as long as a claim lasts
    expect(second.locator("#claim")).to_have_attribute("data-state", "mine", timeout=LAPSED)
    taken = second.locator("#panel h1").inner_text()
    before = first.locator("#panel h1").inner_text()
    press(first, "s")
    assert shown_after(first, before, "Skipped;") != taken

    second.goto("/history/")
    first.goto(coming)
    expect(first.locator("#claim")).to_have_attribute("data-state", "mine")


def test_what_was_typed_survives_a_lapsed_claim_and_a_reload(sign_in: SignIn) -> None:
    """Somebody else takes it meanwhile: the draft stays, also after loading the page anew."""
    first, second = sign_in(REVIEWER), sign_in(OWNER)
    go_to(first, PRICE, at_least=2)
    expect(first.locator("#claim")).to_have_attribute("data-state", "mine")
    press(first, "r")
    first.get_by_label("In your own words").fill("The margin is too thin for")
    let_go(first)
    second.goto(first.url)
    expect(second.locator("#claim")).to_have_attribute("data-state", "mine")
    come_back(first)

    expect(first.locator("[data-changed]")).to_be_visible()
    expect(first.get_by_label("In your own words")).to_have_value("The margin is too thin for")
    first.reload()
    expect(first.locator("#claim")).to_have_attribute("data-state", "other")
    expect(first.get_by_label("In your own words")).to_have_value("The margin is too thin for")
    second.goto("/history/")
    expect(first.locator("#claim")).to_have_attribute("data-state", "mine")
    expect(first.get_by_label("In your own words")).to_have_value("The margin is too thin for")
    expect(first.locator("#reject-form [type=submit]")).to_be_enabled()


def test_a_hold_that_is_about_to_end_says_so_and_is_extended(sign_in: SignIn) -> None:
    """Without signs of life a warning counts down; one press keeps it."""
    page = sign_in(REVIEWER)
    page.clock.install()
    go_to_any(page)
    signs = re.compile(r"/(keep|claim)$")  # those of life: as if the network were away
    page.route(signs, lambda route: route.abort())
    page.clock.fast_forward("01:15")
    expect(page.locator("#claim")).to_have_attribute("data-state", "ending")
    expect(page.locator("#claim")).to_contain_text(re.compile(r"Held for you for another \d+ s"))
    page.unroute(signs)
    page.get_by_role("button", name="Keep it").dispatch_event("click")  # the clock stands still
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")


def go_to_any(page: Page) -> None:
    """The first proposal of the queue, held by this person, as the server has just answered.

    The page of who holds it already says so before that answer, from which the lease is counted.
    """
    with page.expect_response(re.compile(r"/claim$")) as answer:
        page.goto("/")
    answer.value.finished()
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")


def let_go(page: Page) -> None:
    """As if the lease had lapsed while the network was away: the server frees it."""
    page.route("**/claim", lambda route: route.abort())
    page.evaluate(
        """async () => {
          const bar = document.getElementById("decide");
          const body = new URLSearchParams({
            csrfmiddlewaretoken: bar.querySelector("[name=csrfmiddlewaretoken]").value });
          await fetch(bar.dataset.release, { method: "POST", body });
        }"""
    )


def come_back(page: Page) -> None:
    """The network is there again."""
    page.unroute("**/claim")
    page.evaluate("dispatchEvent(new Event('online'))")
