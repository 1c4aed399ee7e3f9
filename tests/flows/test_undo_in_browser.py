"""Taking an approval back and undoing what is done, in the browser, against the shop's own ledger."""

import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.flows.conftest import OWNER, REVIEWER, SignIn, System, wait_until
from tests.flows.running import running
from tests.flows.test_review_in_browser import PLAN_SECONDS, PRICE, open_waiting, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own: these journeys change what the others look at."""
    with running(tmp_path_factory.mktemp("own")) as started:
        yield started


HOLD = 8  # seconds: long enough to press a key, short enough to wait for


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
    held = page.locator("#decide [data-hold]")
    expect(held).to_contain_text("Carried out in")
    places = []
    for left in (6, 4):
        expect(held).to_contain_text(f"in {left} s")
        places.append(
            page.evaluate("document.querySelector('.decide .doing').lastElementChild.offsetLeft")
        )
    assert places[0] == places[1]  # nothing moved while it counted

    page.keyboard.press("z")

    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#panel")).to_contain_text("The approval was taken back")
    expect(page.locator("#panel")).to_contain_text("took the price back")
    page.wait_for_timeout((HOLD + 7) * 1000)  # the window and a sweep
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
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": tags})
    assert found.violations_count == 0, found.generate_report()


def open_moderate(page: Page) -> tuple[str, str, str]:
    """Open a waiting price change which the policy does not deny in the other direction."""
    found: list[tuple[str, str, str]] = []

    def look() -> bool:
        page.goto("/")
        for row in page.locator("#list .row").all():
            name = row.locator(".title").inner_text()
            if match := PRICE.match(name):
                before, after = match.groups()
                if abs(Decimal(before) / Decimal(after) - 1) < Decimal("0.25"):
                    found.append((name, before, after))
                    address = row.get_attribute("href") or ""
                    page.goto(address.partition("?")[0])  # by itself: nothing follows a decision
                    return True
        return False

    wait_until(look, PLAN_SECONDS)
    expect(page.locator("#panel h1")).to_have_text(found[-1][0])
    return found[-1]


def is_undone(page: Page) -> bool:
    """Whether the page shows it undone."""
    return page.locator("#panel").get_attribute("data-state") == "undone"
