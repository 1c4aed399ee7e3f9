"""High risk: facts first, the agent's word second; or the amount, typed by hand."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import OWNER, SignIn, System, wait_until
from tests.flows.looking import find_faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REFUND = re.compile(r"^Refund ([\d.]+) EUR: order #(\d+) \((damaged|money back)\)$")
PLAN_SECONDS = 90  # the first runs happen in the first minute


def open_refund(page: Page) -> tuple[str, str]:
    """Open a refund that waits for one person, on its own page; its amount and order."""
    found: list[str] = []

    def waits() -> bool:
        page.goto("/")
        rows = page.locator("#list .row:not([data-gone])").filter(has_not_text="reviewers")
        rows = rows.filter(has=page.locator(".title", has_text=re.compile("^Refund [0-9.]+ EUR")))
        found.extend(rows.evaluate_all("rows => rows.map(row => row.dataset.proposal)"))
        return bool(found)

    wait_until(waits, PLAN_SECONDS)
    page.goto(f"/proposals/{found[0]}/")
    match = REFUND.match(page.locator("#panel h1").inner_text())
    assert match
    return match[1], match[2]


def refunds(system: System, number: str) -> list[Any]:
    """What the shop's own ledger says was given back of an order."""
    return [
        line["amount"]
        for line in system.ledger()
        if line["action"] == "refund_payment" and str(line["params"]["number"]) == number
    ]


def stands(page: Page, state: str) -> None:
    """Wait until the page itself shows the proposal in this state; approvals are held a while."""
    expect(page.locator("#panel")).to_have_attribute("data-state", state, timeout=60_000)


def test_the_facts_come_before_the_agents_word(system: System, sign_in: SignIn) -> None:
    """Approving unseen is refused; one key shows the facts; then the approval goes through."""
    page = sign_in(OWNER)
    amount, number = open_refund(page)
    expect(page.get_by_role("heading", name="Facts first")).to_be_visible()
    assert "sure by its own account" not in page.content()
    assert page.locator("[data-rationale], #evidence").count() == 0

    page.locator("#approve-button").click()
    expect(page.locator("[data-form-error]")).to_contain_text("open its facts first")
    assert "sure by its own account" not in page.content()
    assert refunds(system, number) == []

    page.keyboard.press("i")
    expect(page.locator("#evidence-title")).to_be_focused()
    expect(page.locator("#evidence")).to_contain_text("You have looked at these")
    evidence, why = page.locator("#evidence"), page.locator("[data-rationale]")
    assert evidence.bounding_box()["y"] < why.bounding_box()["y"]  # type: ignore[index]
    assert find_faults(page, None) == []

    page.locator("#approve-button").click()
    stands(page, "approved")
    stands(page, "done")
    assert refunds(system, number) == [amount]


def test_the_amount_typed_by_hand_counts_as_looking(system: System, sign_in: SignIn) -> None:
    """A wrong amount is refused, and the right one is not."""
    page = sign_in(OWNER)
    amount, number = open_refund(page)
    page.locator("#typed-amount").fill(f"{float(amount) + 1:.2f}")
    page.locator("#approve-button").click()
    expect(page.locator("[data-form-error]")).to_contain_text("is not the amount at stake")
    assert refunds(system, number) == []

    page.locator("#typed-amount").fill(amount.replace(".", ","))
    page.locator("#approve-button").click()
    stands(page, "approved")


def test_without_javascript_the_facts_come_first_too(system: System, sign_in: SignIn) -> None:
    """Plain forms: refused, looked, approved."""
    page = sign_in(OWNER, java_script_enabled=False)
    open_refund(page)
    page.locator("#approve-button").click()
    expect(page.locator("[data-form-error]")).to_contain_text("open its facts first")
    page.get_by_role("button", name="Show the facts").click()
    expect(page.locator("#evidence")).to_be_visible()
    expect(page.locator("[data-rationale]")).to_be_visible()
    assert page.url.endswith("#evidence")
    page.locator("#approve-button").click()
    stands(page, "approved")
