"""Taking an approval back and undoing what is done, in the browser, against the shop's own ledger."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import OWNER, REVIEWER, SignIn, System, wait_until
from tests.flows.looking import find_faults
from tests.flows.test_review_in_browser import PLAN_SECONDS, PRICE, open_waiting, read_rows, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def system(changed_system: System) -> System:
    """These journeys change what the others look at."""
    return changed_system


HOLD = 12  # seconds: long enough to press a key, short enough to wait for

# what the countdown says, and where stands what is behind it; now, and once it says something else
READ = """() => [document.querySelector("#decide [data-hold] [data-words]").textContent,
  document.querySelector(".decide .doing").lastElementChild.offsetLeft]"""
READ_NEXT = f"""() => new Promise((done) => {{
  const read = {READ}, before = read()[0];
  const timer = setInterval(() => {{
    if (read()[0] !== before) {{ clearInterval(timer); done(read()); }}
  }}, 20);
}})"""


@pytest.fixture
def held_prices(system: System) -> Iterator[None]:
    """The owner has approvals of prices held for a moment, and lets go again afterwards."""
    set_hold(system, HOLD)
    yield
    set_hold(system, 0)


def set_hold(system: System, seconds: int) -> None:
    """In the admin, as a person does."""
    with closing(system.sign_in(OWNER)) as owner:
        listed = owner.get("/admin/gateway/actionsetting/").text
        rows = r'href="(/admin/gateway/actionsetting/[0-9a-f-]{36}/change/[^"]*)"[^>]*>\s*set_price'
        found = re.search(rows, listed)
        path = found[1].partition("?")[0] if found else "/admin/gateway/actionsetting/add/"
        page = owner.get(path).text
        form = {"hold_seconds": str(seconds), "when_away": "wait", "action": "set_price",
                "csrfmiddlewaretoken": owner.cookies["csrftoken"]}  # fmt: skip
        if place := re.search(r'name="workspace".*?value="([0-9a-f-]{36})"', page, re.DOTALL):
            form["workspace"] = place[1]
        answer = owner.post(path, data=form, headers={"Referer": system.url + path})
        assert answer.url.path == "/admin/gateway/actionsetting/", answer.text


def lines_of(system: System, sku: str) -> list[str]:
    """The prices the shop's ledger has for the article, in order."""
    return [
        line["amount"]
        for line in system.ledger()
        if line["action"] == "set_price" and line["params"].get("sku") == sku
    ]


def sku_of(page: Page) -> str:
    """The article of the price change that is shown."""
    return page.locator(".change .target").first.inner_text().rpartition(" · ")[2]


@pytest.mark.usefixtures("held_prices")
def test_z_takes_an_approval_back_and_nothing_is_called(system: System, sign_in: SignIn) -> None:
    """The page counts down; after the key it waits again, and the shop never hears of it."""
    page = sign_in(REVIEWER)
    open_waiting(page, PRICE)
    sku, earlier = sku_of(page), lines_of(system, sku_of(page))
    page.get_by_role("button", name="Approve").click()
    held, over = page.locator("#decide [data-hold]"), time.monotonic() + HOLD
    expect(held).to_contain_text("Carried out in")
    (before, place), (after, same) = page.evaluate(READ), page.evaluate(READ_NEXT)
    assert before != after
    assert place == same  # nothing moved while it counted

    page.keyboard.press("z")

    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#panel")).to_contain_text("The approval was taken back")
    expect(page.locator("#panel")).to_contain_text("took the price back")
    page.wait_for_timeout((over - time.monotonic() + 7) * 1000)  # the window and a sweep
    assert lines_of(system, sku) == earlier
    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")


@pytest.mark.usefixtures("held_prices")
def test_a_done_price_change_is_undone(system: System, sign_in: SignIn) -> None:
    """After the hold it is done; the undo goes through policy and people, and the price is back."""
    page = sign_in(REVIEWER, bypass_csp=True)  # for the check of accessibility only
    title, before, after = open_moderate(page)
    sku = sku_of(page)
    expect(page.locator(".effects")).to_contain_text("Can be undone")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#decide [data-hold]")).to_be_visible()
    check_accessible(page)
    settled(page)
    assert lines_of(system, sku)[-1] == after
    original = page.url

    page.keyboard.press("u")
    page.get_by_label("Why is it to be undone?").fill("The competitor's price was a mistake.")
    check_accessible(page)
    page.get_by_role("button", name="Propose the undo").click()

    expect(page.locator("#panel h1")).to_have_text(f"Undo: {title}")
    expect(page).to_have_url(re.compile(r"/proposals/[0-9a-f-]{36}/$"))
    expect(page.locator("[data-undoes]")).to_have_attribute(
        "href", original.removeprefix(system.url)
    )
    if page.locator("#panel").get_attribute("data-state") == "waiting":
        expect(page.locator(".limit")).to_contain_text("You caused this proposal")
        second = sign_in(OWNER)
        second.goto(page.url)
        second.get_by_role("button", name="Approve").click()
    settled(page)
    page.goto(original)
    wait_until(lambda: is_undone(page), 20)
    expect(page.locator("[data-receipt=compensated]")).to_be_visible()
    expect(page.locator("[data-undos]")).to_contain_text(f"Undo: {title}")
    assert Decimal(lines_of(system, sku)[-1]) == Decimal(before)


def check_accessible(page: Page) -> None:
    """WCAG 2.2 AA as far as a machine can tell."""
    assert find_faults(page) == []


def open_moderate(page: Page) -> tuple[str, str, str]:
    """Open a waiting price change which the policy does not deny in the other direction."""
    found: list[tuple[str, str, str]] = []

    def look() -> bool:
        page.goto("/")
        for row in read_rows(page):
            if match := PRICE.match(row["title"]):
                before, after = match.groups()
                if abs(Decimal(before) / Decimal(after) - 1) < Decimal("0.25"):
                    found.append((row["title"], before, after))
                    page.goto(f"/proposals/{row['id']}/")  # by itself: nothing follows a decision
                    return True
        return False

    wait_until(look, PLAN_SECONDS)
    expect(page.locator("#panel h1")).to_have_text(found[-1][0])
    return found[-1]


def is_undone(page: Page) -> bool:
    """Whether the page shows it undone."""
    return page.locator("#panel").get_attribute("data-state") == "undone"
