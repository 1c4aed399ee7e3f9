"""The goods of a return are edited in a typed form, by keyboard or without any script."""

import json
from itertools import count
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Order
from tests.flows.conftest import OWNER, SignIn, System
from tests.flows.reviewing import api, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SENT = ("fulfilled", "shipped", "delivered")
turn = count()


def propose_return(system: System) -> tuple[str, str]:
    """A return of one of two pieces that were sent; its page, and another line of the order."""
    secret = json.loads((system.data / "embedded.json").read_text())["shop_secret"]
    shop = MedusaClient(address=system.shop, secret=secret, settings={})
    orders = [one for one in shop.read("orders") if isinstance(one, Order)]
    shop.close()
    sent = [one for one in orders if len(one.lines) > 1 and one.fulfillment_status in SENT]
    order = [one for one in sent if any(line.quantity > 1 for line in one.lines)][next(turn)]
    several, other, *_ = sorted(order.lines, key=lambda line: -line.quantity)
    items = [{"line_id": several.line_id, "quantity": 1}]
    change = {"action": "return_items", "params": {"order_id": order.order_id, "items": items}}
    body = {"title": f"Take back from order {order.number}", "rationale": "It does not fit.",
            "changes": [change]}  # fmt: skip
    with api(system) as client:
        answer = client.post("/proposals", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 201, answer.text
        return f"/proposals/{answer.json()['id']}/", other.line_id


def rows(page: Page) -> Locator:
    """The rows of the list in the form."""
    return page.locator("#edit-form .item")


def fill(page: Page, other: str) -> None:
    """Two pieces of what was proposed, and one of the other article."""
    expect(rows(page)).to_have_count(2)
    rows(page).nth(0).get_by_label("Pieces").fill("2")
    rows(page).nth(1).get_by_label("Article").select_option(other)
    rows(page).nth(1).get_by_label("Pieces").fill("1")


def is_edited(page: Page) -> None:
    """It is approved, and the page tells what a reviewer has changed, article by article."""
    expect(page.locator("#panel")).to_have_attribute("data-state", "approved")
    edited = page.locator("tr.edited")
    expect(edited).to_have_count(2)
    expect(edited.nth(0)).to_contain_text("Edited: pieces of")
    expect(edited.nth(1)).to_contain_text("Edited: pieces of")


def test_goods_are_edited_by_keyboard(system: System, sign_in: SignIn) -> None:
    """A mistake is told at its row; mended, the return is approved as edited."""
    address, other = propose_return(system)
    page = sign_in(OWNER)
    page.goto(address)
    press(page, "i")
    expect(page.locator("#evidence")).to_contain_text("You have looked at these")
    press(page, "e")
    expect(rows(page).nth(0).get_by_label("Article")).to_be_visible()
    fill(page, other)
    rows(page).nth(1).get_by_label("Pieces").fill("none")
    page.keyboard.press("Control+Enter")
    problem = rows(page).nth(1).locator(".problem")
    expect(problem).to_contain_text("Write a whole number")
    expect(rows(page).nth(1).get_by_label("Pieces")).to_have_attribute("aria-invalid", "true")
    expect(rows(page).nth(0).get_by_label("Pieces")).to_have_value("2")
    violations = Axe().run(page).response["violations"]
    assert violations == [], [one["id"] for one in violations]
    rows(page).nth(1).get_by_label("Pieces").fill("1")
    page.keyboard.press("Control+Enter")
    is_edited(page)


def test_goods_are_edited_without_scripts(system: System, sign_in: SignIn) -> None:
    """Every form stands open: look at the facts, edit, approve."""
    address, other = propose_return(system)
    page = sign_in(OWNER, java_script_enabled=False)
    page.goto(address)
    page.get_by_role("button", name="Show the facts").click()
    fill(page, other)
    page.get_by_role("button", name="Approve as edited").click()
    is_edited(page)


def test_what_goes_is_ticked_and_a_rejection_needs_no_script(
    system: System, sign_in: SignIn
) -> None:
    """Taking out the only item is refused in words; then it is rejected with a reason."""
    address, _ = propose_return(system)
    page = sign_in(OWNER, java_script_enabled=False, viewport={"width": 375, "height": 800})
    page.goto(address)
    page.get_by_role("button", name="Show the facts").click()
    rows(page).nth(0).get_by_label("Remove").check()
    page.get_by_role("button", name="Approve as edited").click()
    expect(page.locator("#edit-form [data-items] > .problem")).to_contain_text("Keep at least one")
    expect(rows(page).nth(0).get_by_label("Remove")).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375

    page.get_by_label("In your own words").fill("The goods are worn.")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator("#panel")).to_have_attribute("data-state", "rejected")
