"""A whole review session with the keyboard only: focus and status are right after each step."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import REVIEWER, SignIn, System
from tests.flows.reviewing import PRICE, REFUND, UNSEEN, go_to, heading, press, shown_after
from tests.flows.running import wait_until
from tests.flows.test_undo_in_browser import set_hold

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HOLD = 60  # seconds; nothing here waits for its end

LEFT = """() => [document.getElementById("announce").textContent,
  document.querySelector("#splits [aria-current] .number").textContent]"""


@pytest.fixture
def held_prices(system: System) -> Iterator[None]:
    """Approvals of prices are held for a moment."""
    set_hold(system, HOLD)
    yield
    set_hold(system, 0)


def test_a_session_without_a_mouse(system: System, sign_in: SignIn) -> None:
    """Approve, edit, reject by a chip, skip, snooze and bring back, ask: the next follows each."""
    page = sign_in(REVIEWER)
    first = go_to(page, PRICE, at_least=6)
    expect(page).to_have_url(re.compile(r"split=all$"))
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")

    press(page, "a")
    second = shown_after(page, first, "Approved.")
    said, counted = page.evaluate(LEFT)  # at one moment: agents propose meanwhile
    assert f"{counted} left." in said
    expect(page.locator("#list [data-gone]", has_text=first)).to_be_visible()

    press(page, "e")
    amount = page.get_by_label("Amount", exact=True)
    expect(amount).to_be_focused()
    edited = f"{float(amount.input_value()) + 0.5:.2f}"
    amount.fill(edited)
    page.keyboard.press("Control+Enter")
    third = shown_after(page, second, "Approved as edited.")

    press(page, "r")
    expect(page.locator("#reject-form [name=chip]").first).to_be_focused()
    page.keyboard.press("4")
    expect(page.get_by_label("Already handled")).to_be_checked()
    page.keyboard.press("Control+Enter")
    fourth = shown_after(page, third, "Rejected.")

    press(page, "s")
    fifth = shown_after(page, fourth, "Skipped; it comes back at the end of your queue.")

    press(page, "h")
    page.keyboard.press("1")
    sixth = shown_after(page, fifth, "Snoozed until")
    expect(page.locator("#splits a", has_text="Snoozed")).to_contain_text("1")
    press(page, "z")
    expect(page.locator("#announce")).to_contain_text("It is back in the queue.")
    expect(page.locator("#panel h1")).to_have_text(fifth)
    expect(page.locator("#panel h1")).to_be_focused()

    press(page, "c")
    expect(page.locator("#ask-text")).to_be_focused()
    page.keyboard.type("Is the competitor's article the same one? s a r")
    page.keyboard.press("Control+Enter")
    shown_after(page, fifth, "Asked; it stays open")
    assert sixth != fifth
    wait_until(lambda: [line for line in system.ledger() if line["amount"] == edited], 20)


@pytest.mark.usefixtures("held_prices")
def test_z_takes_the_last_decision_back_after_the_next_is_shown(sign_in: SignIn) -> None:
    """The status and the note say how long it is held; after the key it waits again."""
    page = sign_in(REVIEWER)
    title = go_to(page, PRICE, at_least=2)
    press(page, "a")
    shown_after(page, title, "Approved. Carried out in")
    expect(page.locator("#last")).to_contain_text(title)
    expect(page.locator("#last [data-words]")).to_contain_text(re.compile(r"Carried out in \d+ s"))

    page.keyboard.press("z")

    expect(page.locator("#announce")).to_contain_text("Taken back; it waits again.")
    expect(page.locator("#panel h1")).to_have_text(title)
    expect(page.locator("#panel h1")).to_be_focused()
    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#list .row:not([data-gone])", has_text=title)).to_have_count(1)


def test_high_risk_takes_more_than_one_key(sign_in: SignIn) -> None:
    """`a` only leads to the button; before the facts were opened the server refuses."""
    page = sign_in(REVIEWER)
    title = go_to(page, REFUND)
    press(page, "a")
    expect(page.locator("#approve-button")).to_be_focused()
    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-form-error]")).to_contain_text("open its facts first")
    expect(page.locator("[data-form-error]")).to_be_focused()

    press(page, "i")
    expect(page.locator("#evidence")).to_be_visible()
    press(page, "a")
    expect(page.locator("#approve-button")).to_be_focused()
    page.keyboard.press("Control+Enter")
    shown_after(page, title, "Approved. Carried out in")


def test_a_key_that_is_held_down_approves_one(sign_in: SignIn) -> None:
    """Nobody approves by accident what was only just shown."""
    page = sign_in(REVIEWER)
    before = go_to(page, PRICE, at_least=2)
    page.wait_for_timeout(UNSEEN)
    page.keyboard.down("a")
    for _ in range(10):
        page.keyboard.down("a")
    page.keyboard.up("a")
    shown_after(page, before, "Approved.")
    expect(page.locator("#list [data-gone]")).to_have_count(1)


def test_the_palette_the_sheet_and_going_elsewhere(sign_in: SignIn) -> None:
    """Ctrl+K filters, arrows choose, Enter does it; `?` lists all keys; `g h` is not `h`."""
    page = sign_in(REVIEWER)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search commands and proposals")
    expect(field).to_be_focused()
    skip = page.get_by_role("option", name="Skip")
    expect(skip.locator("kbd")).to_have_text("s")
    page.keyboard.type("go to")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("option").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == second.get_attribute("id")
    field.fill("history")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/history/**")

    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("Take back the last decision while it is held")
    page.keyboard.press("s")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("a s r ?")
    expect(page.get_by_role("searchbox")).to_have_value("a s r ?")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url(re.compile(r"/$"))


def test_other_keys_and_no_keys(sign_in: SignIn) -> None:
    """A clash is refused in place; another key works and is printed; off, no single key does."""
    page = sign_in(REVIEWER)
    try:
        page.goto("/preferences/keys")
        page.get_by_label("Skip: to the end of my queue").fill("r")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("“r” is already: reject with a reason.")
        expect(page.get_by_label("Skip: to the end of my queue")).to_have_attribute(
            "aria-invalid", "true"
        )
        page.get_by_label("Skip: to the end of my queue").fill("y")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Saved.")
        before = go_to(page, PRICE)
        expect(page.get_by_role("button", name="Skip").locator("kbd")).to_have_text("y")
        press(page, "s")
        page.wait_for_timeout(400)
        assert heading(page) == before
        press(page, "y")
        shown_after(page, before, "Skipped;")

        set_keys_off(page)
        page.goto("/")
        before = heading(page)
        expect(page.locator("kbd").first).to_be_hidden()
        page.keyboard.press("y")
        page.keyboard.press("?")
        page.wait_for_timeout(400)
        assert heading(page) == before
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("Control+k")
        expect(page.get_by_role("dialog", name="Commands")).to_be_visible()
    finally:
        page.goto("/preferences/keys")
        page.get_by_label("Single keys").check()
        page.get_by_role("button", name="Back to the usual keys").click()
        expect(page.get_by_role("status").first).to_contain_text("Saved.")


def set_keys_off(page: Page) -> None:
    """As a person does, in the preferences."""
    page.goto("/preferences/keys")
    page.get_by_label("Single keys").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
