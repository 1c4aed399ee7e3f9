"""What the journeys through the queue have in common: proposals to decide, and a reader's eyes."""

import re
from typing import Any
from uuid import uuid4

import httpx2
from playwright.sync_api import Page, expect

from tests.flows.conftest import System, wait_until

PRICE = re.compile(r"^.+: ([\d.]+) to ([\d.]+) EUR \(.+\)$")
REFUND = re.compile(r"^Refund ([\d.]+) EUR: order #(\d+) \((damaged|money back)\)$")
PLAN_SECONDS = 90  # the first runs happen in the first minute
UNSEEN = 350  # ms in which a key does not approve what was only just shown


def api(system: System) -> httpx2.Client:
    """A client with the demo's key."""
    headers = {"Authorization": f"Bearer {system.api_key()}"}
    return httpx2.Client(base_url=f"{system.url}/api/v1", headers=headers, trust_env=False)


def propose_texts(system: System, subtitles: list[str]) -> list[str]:
    """Low-risk proposals, one a product, each with its own subtitle; returns their titles."""
    with api(system) as client:
        wait_until(lambda: len(products(client)) >= len(subtitles), PLAN_SECONDS)
        free = iter(sorted(products(client)))
        return [
            next(filter(None, (propose_text(client, one, subtitle) for one in free)))
            for subtitle in subtitles
        ]


def propose_text(client: httpx2.Client, product: str, subtitle: str) -> str:
    """The title of the new proposal; empty where an open one changes the same product."""
    title = f"Subtitle {uuid4().hex[:6]} of {product[-5:]}"
    change = {"action": "update_product", "params": {"product_id": product, "subtitle": subtitle}}
    answer = client.post(
        "/proposals",
        json={"title": title, "rationale": "It was empty.", "changes": [change]},
        headers={"Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code in (201, 409), answer.text
    return title if answer.status_code == 201 else ""


def products(client: httpx2.Client) -> set[str]:
    """The products whose prices agents want to change."""
    found: set[str] = set()
    for one in listed(client):
        if one["playbook"] == "repricing":
            changes = client.get(f"/proposals/{one['id']}").json()["changes"]
            found |= {change["params"]["product_id"] for change in changes}
    return found


def listed(client: httpx2.Client) -> list[dict[str, Any]]:
    """The newest proposals."""
    items: list[dict[str, Any]] = client.get("/proposals", params={"limit": 100}).json()["items"]
    return items


def go_to(page: Page, title: re.Pattern[str], *, at_least: int = 1) -> str:
    """With keys only: move down the list to a row like this that nobody holds, and open it."""

    def waits() -> bool:
        page.goto("/")
        return rows_like(page, title).count() >= at_least

    wait_until(waits, PLAN_SECONDS)
    expect(page.locator("body[data-after]")).to_be_attached()
    wanted = rows_like(page, title).first.get_attribute("data-proposal")
    for _ in range(100):
        if page.evaluate("document.activeElement?.dataset?.proposal") == wanted:
            break
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_have_attribute("data-proposal", wanted or "")
    expect(page.locator("#panel h1")).to_be_focused()
    return heading(page)


def rows_like(page: Page, title: re.Pattern[str]) -> Any:
    """Rows with such a title that still wait and that nobody else holds, judged by one."""
    rows = page.locator("#list .row:not([data-gone])")
    free = rows.filter(has_not=page.locator("[data-until]")).filter(has_not_text="reviewers")
    return free.filter(has=page.locator(".title", has_text=title))


def heading(page: Page) -> str:
    """The title of what is shown."""
    return page.locator("#panel h1").inner_text()


def press(page: Page, keys: str) -> None:
    """Press a key once what is shown could have been read."""
    page.wait_for_timeout(UNSEEN)
    page.keyboard.press(keys)


def shown_after(page: Page, before: str, status: str) -> str:
    """The status was said, another proposal is shown, and its heading has the focus."""
    expect(page.locator("#announce")).to_contain_text(status)
    expect(page.locator("#panel h1")).not_to_have_text(before)
    expect(page.locator("#panel h1")).to_be_focused()
    return heading(page)
