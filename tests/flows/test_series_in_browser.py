"""A price is moved again and again by a key; the step a cap stops is judged with the whole series."""

import json
from decimal import Decimal
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import expect

from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.records import Variant
from tests.flows.conftest import OWNER, SignIn, System, wait_until
from tests.flows.looking import look_over
from tests.flows.reviewing import api

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PENNY = Decimal("0.01")
MOST_MOVES = 8


def variants(system: System) -> list[Variant]:
    """The articles of the shop that have a price in euros, the dearest first."""
    secret = json.loads((system.data / "embedded.json").read_text())["shop_secret"]
    shop = MedusaClient(address=system.shop, secret=secret, settings={})
    found = [one for one in shop.read("variants") if isinstance(one, Variant)]
    shop.close()
    priced = [one for one in found if "EUR" in one.prices]
    return sorted(priced, key=lambda one: -one.prices["EUR"])


def move(client: httpx2.Client, article: Variant, price: Decimal) -> dict[str, str]:
    """The proposal of a price, once it has ended or waits for a person."""
    params = {"product_id": article.product_id, "variant_id": article.variant_id,
              "amount": str(price), "currency": "EUR"}  # fmt: skip
    answer = client.post(
        "/proposals", headers={"Idempotency-Key": uuid4().hex},
        json={"title": f"{article.sku} to {price}", "rationale": "It sells well.",
              "changes": [{"action": "set_price", "params": params}]},
    )  # fmt: skip
    if answer.status_code == 409:  # an agent has a change of its own open
        return {}
    assert answer.status_code == 201, answer.text
    address = f"/proposals/{answer.json()['id']}"
    wait_until(lambda: client.get(address).json()["state"] in ("done", "waiting", "denied"), 60)
    found: dict[str, str] = client.get(address).json()
    return found


def stopped(system: System) -> str:
    """The proposal with which a series of small moves was stopped."""
    with api(system) as client:
        for article in variants(system):
            price = article.prices["EUR"]
            for place in range(MOST_MOVES):
                price = (price * Decimal("1.004")).quantize(PENNY)
                found = move(client, article, price)
                if found.get("state") == "waiting" and place:
                    return found["id"]
                if found.get("state") != "done":
                    break
    raise AssertionError("No series of small moves was stopped.")


def test_a_series_is_seen_whole_and_rejected_at_once(system: System, sign_in: SignIn) -> None:
    """From the picture on the proposal to the page of the series, and one verdict with a reason."""
    proposal = stopped(system)
    page = sign_in(OWNER)
    page.goto(f"/proposals/{proposal}/")
    part = page.locator("section", has=page.get_by_role("heading", name="Part of a series"))
    expect(part).to_contain_text("of this in")
    expect(part.get_by_role("img")).to_be_visible()
    look_over(page)
    part.get_by_role("link", name="See the whole series").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("A series, stopped by")
    look_over(page)
    reject = page.get_by_role("button", name="Reject the one that waits")
    reject.click()
    expect(page.get_by_role("alert")).to_contain_text("A rejection needs a reason.")
    page.get_by_label("In your own words").fill("Enough moves for today.")
    reject.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("1 rejected")
    page.goto(f"/proposals/{proposal}/")
    expect(page.locator("[data-state-badge]")).to_have_text("Rejected by a person")
