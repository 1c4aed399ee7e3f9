"""An operator registers an agent that runs elsewhere, makes its key, and ends both."""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.flows.conftest import OWNER, SignIn, System
from tests.flows.looking import look_over

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def status(system: System, token: str) -> int:
    """How the API answers who brings this token."""
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{system.url}/api/v1/proposals"
    return httpx2.get(address, headers=headers, trust_env=False).status_code


def test_a_key_of_an_agent_from_outside(system: System, sign_in: SignIn) -> None:
    """Its token is shown once, it lets in until it is revoked, and everybody can read the page."""
    page = sign_in(OWNER)
    page.goto("/admin/accounts/outsideagent/add/")
    page.locator("[name=workspace]").select_option(label="Demo shop")
    page.locator("[name=name]").fill("ERP")
    page.locator("[name=scopes][value='proposals:read']").check()
    page.locator("[name=_save]").click()
    expect(page.locator("#result_list")).to_contain_text("ERP (outside)")

    page.goto("/preferences/api-keys")
    page.get_by_label("Name").fill("Hamburg")
    page.get_by_label("Acts for").select_option(label="ERP (outside)")
    page.get_by_label("Review proposals").check()
    page.get_by_label("Last day").fill("2099-01-31")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("alert")).to_contain_text("may not do that: review proposals")
    page.get_by_label("Review proposals").uncheck()
    page.get_by_label("Read proposals").check()
    page.get_by_role("button", name="Create key").click()
    token = page.locator(".token").inner_text()
    row = page.locator(".own-keys li", has_text="Hamburg")
    expect(row).to_contain_text("for ERP (outside)")
    expect(row).to_contain_text("May read proposals")
    expect(row).to_contain_text("Valid until 31 January 2099")
    look_over(page)
    assert status(system, token) == 200

    row.get_by_role("button", name="Revoke Hamburg").click()
    expect(row).to_contain_text("Revoked")
    assert status(system, token) == 401
    look_over(page)
