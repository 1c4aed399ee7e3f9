"""A reviewer is told by mail of what waits, and the mail decides nothing."""

import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.flows.conftest import REVIEWER, SignIn, System, wait_until
from tests.flows.looking import look_over
from tests.flows.test_review_in_browser import a_customer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPERATOR = "operator@demo.example"
PREFERENCES = "/preferences/notifications"
PLAN_SECONDS = 90  # an agent looks for messages every half minute


def mails(system: System, to: str) -> list[dict[str, Any]]:
    """What the person got, newest first."""
    answer = httpx2.get(f"{system.shop}/demo/mailbox", params={"to": to}, trust_env=False)
    return list(answer.raise_for_status().json())


def find(system: System, words: str) -> list[dict[str, Any]]:
    """The reviewer's mails with these words."""
    return [mail for mail in mails(system, REVIEWER) if words in mail["subject"] + mail["body"]]


def choose_at_once(page: Page) -> None:
    """From the menu to the page, and one choice on it."""
    page.get_by_role("button", name="Menu of").click()
    page.locator("#menu").get_by_role("link", name="Notifications").click()
    page.wait_for_url(f"**{PREFERENCES}")
    page.get_by_label("Each at once").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()


def has_a_customer(page: Page) -> bool:
    """Whether somebody got the small refund that `a_customer` looks for."""
    page.goto("/history/?state=done")
    return bool(page.locator(".table a").filter(has_text=re.compile(r"\(late\)")).count())


def test_a_mail_leads_to_what_waits_and_decides_nothing(
    system: System, sign_in: SignIn, browser: Browser
) -> None:
    """A customer writes, an agent proposes, the mail comes, its link opens the page: it waits."""
    page = sign_in(REVIEWER)
    choose_at_once(page)
    page.get_by_role("button", name="Send me a test").click()
    expect(page.get_by_role("status").filter(has_text="on its way")).to_be_visible()
    wait_until(lambda: find(system, "This is a test"), 20)

    wait_until(lambda: has_a_customer(page), PLAN_SECONDS)
    number, sender, article = a_customer(page)
    system.write_message(
        sender=sender, subject="Broken on arrival", order_number=number,
        body=f"Hello, the {article} from order #{number} was broken when I opened the box.",
    )  # fmt: skip
    wait_until(lambda: find(system, f"#{number} (damaged)"), PLAN_SECONDS)

    [mail] = find(system, f"#{number} (damaged)")
    title, address = (
        rf"#{number} \(damaged\)",
        rf"{re.escape(system.url)}/in/[0-9a-f-]+/proposals/[0-9a-f-]+/",
    )
    told = re.search(rf"{title}.*?({address})\s", mail["body"], re.DOTALL)
    assert told is not None, mail["body"]
    assert "was broken when I opened the box" not in mail["body"]
    ledger = [line for line in system.ledger() if line["action"] == "refund_payment"]
    stranger = browser.new_page()
    stranger.goto(told[1])
    expect(stranger).to_have_url(re.compile("/accounts/login/"))
    stranger.close()
    page.goto(told[1])
    expect(page.locator("#panel h1")).to_contain_text(f"#{number} (damaged)")
    page.reload()
    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")
    assert [one for one in system.ledger() if one["action"] == "refund_payment"] == ledger


def test_everybody_can_choose(sign_in: SignIn) -> None:
    """WCAG 2.2 AA as far as a machine can tell, nothing wider than the screen, by keyboard."""
    page = sign_in(OPERATOR, bypass_csp=True)
    page.goto(PREFERENCES)
    page.get_by_label("Minutes between two messages").fill("0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    look_over(page, widths=(1280, 320))
    page.goto(PREFERENCES)
    look_over(page, widths=(1280, 320))
