"""Where a drafted text comes from: paragraph by paragraph, to its evidence and back."""

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.flows.conftest import OWNER, SignIn, System
from tests.flows.looking import find_faults
from tests.flows.reviewing import api

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BODY = (
    "Hello Ada,\n\nyour order 1042 has left on 2031-05-12.\n\n"
    "You get 99.00 EUR back.\n\nKind regards,\nYour service team"
)


def propose_letter(system: System) -> str:
    """A letter through the API, one paragraph of which nothing supports; its address."""
    change = {"action": "send_message", "params": {
        "to": f"ada.{uuid4().hex[:6]}@example.com", "subject": "Your order", "body": BODY,
    }}  # fmt: skip
    evidence = [{"kind": "message", "title": "Ada asks", "detail": "Where is my order 1042?"},
                {"kind": "shop", "title": "Order 1042", "detail": "Shipped 2031-05-12"}]  # fmt: skip
    with api(system) as client:
        answer = client.post(
            "/proposals",
            json={"title": "Tell Ada where it is", "rationale": "She asked.", "changes": [change],
                  "evidence": evidence},
            headers={"Idempotency-Key": uuid4().hex},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        made = answer.json()
    return f"/proposals/{made.get('id') or made['proposal']['id']}/"


def paragraph(page: Page, number: int) -> Locator:
    """A paragraph of the text by its number."""
    return page.locator(f'[data-paragraph="{number}"]')


def test_each_paragraph_leads_to_its_evidence_and_back(system: System, sign_in: SignIn) -> None:
    """By mouse and by keyboard, with the focus where the eye is; doubt is said in words."""
    page = sign_in(OWNER)
    page.goto(propose_letter(system))
    expect(paragraph(page, 2)).to_contain_text("your order 1042 has left")
    cites = paragraph(page, 2).locator("a.cite")
    expect(cites).to_have_text([re.compile("1$"), re.compile("2$")])

    cites.nth(1).click()
    shipped = page.locator("#evidence-2")
    expect(shipped).to_be_focused()
    expect(shipped).to_be_in_viewport()
    expect(shipped).to_contain_text("Shipped 2031-05-12")
    shipped.get_by_role("link", name="paragraph 2").focus()
    page.keyboard.press("Enter")
    expect(paragraph(page, 2)).to_be_focused()

    expect(paragraph(page, 3)).to_contain_text("Unsupported: “99.00”")
    expect(paragraph(page, 3).locator("a.cite")).to_have_count(0)
    assert find_faults(page, None) == []


def test_an_edited_paragraph_says_who_wrote_it(system: System, sign_in: SignIn) -> None:
    """Only the one the reviewer wrote, and the difference is shown both ways."""
    page = sign_in(OWNER)
    page.goto(propose_letter(system))
    page.locator("#edit-button").click()
    page.get_by_role("textbox", name="Message").fill(
        BODY.replace("You get 99.00 EUR back.", "It arrives soon.")
    )
    page.get_by_role("button", name="Approve as edited").click()
    expect(paragraph(page, 3)).to_contain_text("It arrives soon.")
    expect(paragraph(page, 3)).to_contain_text("Edited by a reviewer")
    expect(paragraph(page, 2)).not_to_contain_text("Edited by a reviewer")

    inline = page.locator(".edited .inline")
    sides = page.locator(".edited .sides")
    expect(page.locator("#panel")).to_have_attribute("data-state", "done", timeout=40_000)
    expect(page.locator("[data-diff]").first).to_be_visible()  # nothing redraws it any more
    expect(inline.locator("ins").first).to_be_visible()
    expect(sides).to_be_hidden()
    page.keyboard.press("d")
    expect(inline).to_be_hidden()
    expect(sides.locator("del").first).to_be_visible()
    page.reload()
    expect(sides.locator("del").first).to_be_visible()
    page.keyboard.press("d")
    expect(inline.locator("ins").first).to_be_visible()
