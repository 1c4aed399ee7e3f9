"""A letter that names the amount follows it while it is edited, unless it could mean two things."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

STATIC = Path(__file__).parents[2] / "static"
ADDRESS = "http://drawers.test"
FORM = """
<script type="module" src="/js/drawers.js"></script>
<form class="drawer">
  <input id="amount" inputmode="decimal" value="{amount}">
  <textarea id="letter">We give back {amount} EUR of 1{amount} EUR; order {amount}1.</textarea>
</form>
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser that knows the scripts and one form, and needs no server."""
    page = browser.new_page()
    page.route(
        f"{ADDRESS}/js/*",
        lambda one: one.fulfill(path=STATIC / one.request.url[len(ADDRESS) + 1 :]),
    )
    yield page
    page.close()


def letter_after(page: Page, amount: str, *typed: str) -> str:
    """The amount the letter names once these were typed, one after the other."""
    page.route(
        f"{ADDRESS}/",
        lambda one: one.fulfill(body=FORM.format(amount=amount), content_type="text/html"),
    )
    page.goto(ADDRESS)
    for text in typed:
        page.locator("#amount").fill(text)
        page.locator("#amount").blur()
    letter = page.locator("#letter").input_value()
    said = letter.removeprefix("We give back ").removesuffix(
        f" EUR of 1{amount} EUR; order {amount}1."
    )
    assert " " not in said, letter  # nothing else has changed
    return said


@pytest.mark.parametrize(
    ("amount", "typed", "said"),
    [
        ("90.00", ["45.50"], "45.50"),
        ("90.00", ["45,5"], "45.50"),
        ("90.00", ["45"], "45.00"),
        ("90.00", ["45.50", "12"], "12.00"),  # and follows again
        ("1500", ["1200"], "1200"),  # yen
        ("1.500", ["2.25"], "2.250"),  # dinars
    ],
)
def test_the_letter_names_the_new_amount(
    page: Page, amount: str, typed: list[str], said: str
) -> None:
    """With the decimals of its currency; longer figures that hold the old one stay."""
    assert letter_after(page, amount, *typed) == said


@pytest.mark.parametrize(
    "typed", ["1,000", "1.000", "0", "0.00", "45.123", "45.5 EUR", "-5", "1e3", "NaN", "", "lots"]
)
def test_what_is_unclear_changes_no_letter(page: Page, typed: str) -> None:
    """The server asks back, as in case 10, and the letter waits for the answer."""
    assert letter_after(page, "90.00", typed) == "90.00"
    assert letter_after(page, "90.00", typed, "45.50") == "45.50"
