"""A reviewer asks the agent that proposed, and decides on what comes back."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import OWNER, SignIn, System, wait_until
from tests.flows.reviewing import PLAN_SECONDS, PRICE, REFUND, heading, press, rows_like

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ANSWER_SECONDS = 30  # a message to a worker; without it, a sweep


def open_one(page: Page, title: re.Pattern[str]) -> str:
    """The address of a proposal like this that waits, opened."""

    def waits() -> bool:
        page.goto("/")
        return bool(rows_like(page, title).count())

    wait_until(waits, PLAN_SECONDS)
    address = f"/proposals/{rows_like(page, title).first.get_attribute('data-proposal')}/"
    page.goto(address)
    return address


def ask(page: Page, text: str) -> None:
    """With keys only: `c`, the words, send."""
    press(page, "c")
    expect(page.locator("#ask-text")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#announce")).to_contain_text("Asked")


def answer_at(page: Page, address: str) -> str:
    """The agent's answer, once it is there."""

    def is_there() -> bool:
        page.goto(address)
        return page.locator(".thread .pending", has_text="No answer yet").count() == 0

    wait_until(is_there, ANSWER_SECONDS)
    if page.locator(".thread", has_text="shown with the facts").count():  # those of this revision
        press(page, "i")
    expect(page.locator(".thread .answer").first).to_be_visible()
    return page.locator(".thread .answer").first.inner_text()


def test_the_agent_says_why(system: System, sign_in: SignIn) -> None:
    """The rule, the figures and what it has read, and the proposal stays as it was."""
    page = sign_in(OWNER)
    address = open_one(page, PRICE)
    title = heading(page)
    ask(page, "Why this price, and what does the competitor ask?")
    said = answer_at(page, address)
    assert "Policy on set price" in said
    assert "looked again just now" in said
    assert "It changed nothing" in said
    expect(page.locator("#panel h1")).to_have_text(title)


def test_the_agent_puts_another_amount_before_the_reviewer(system: System, sign_in: SignIn) -> None:
    """Half a refund: it waits anew, with what has changed."""
    page = sign_in(OWNER)
    address = open_one(page, REFUND)
    found = REFUND.match(heading(page))
    assert found is not None
    half = (Decimal(found[1]) / 2).quantize(Decimal("0.01"))
    press(page, "i")  # high risk: the answer is shown with the facts
    expect(page.locator("#evidence-title")).to_be_focused()
    ask(page, "Could we refund only 50 %?")
    said = answer_at(page, address)
    assert "as you asked" in said
    assert f"{half} EUR" in said
    expect(page.locator("#panel .headline, #panel header").first).to_contain_text(f"{half} EUR")
