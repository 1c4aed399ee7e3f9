"""Everybody can use every page: WCAG 2.2 AA as far as a machine can tell, in every theme.

The pages come from the URL map (`tests.flows.addresses`): a new one is tested as soon as it exists.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.flows.addresses import Address, find_all
from tests.flows.conftest import OWNER, System, wait_until
from tests.screenshots import is_busy, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
GRAVE = {"serious", "critical"}
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "high contrast": {"color_scheme": "dark", "contrast": "more"},
}
TABS = 12  # how many stops of the Tab key are looked at on each page
FOCUS = """() => {
    const on = document.activeElement;
    if (!on || on === document.body) return "";
    const box = on.getBoundingClientRect();
    const shows = [on, on.closest("label"), on.parentElement].filter(Boolean).some((one) => {
        const style = getComputedStyle(one);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
    const name = on.tagName.toLowerCase() + (on.id ? "#" + on.id : "." + on.className);
    if (!shows) return `${name} shows no ring`;
    if (box.bottom < 0 || box.top > innerHeight) return `${name} is out of sight`;
    return "";
}"""
Open = Callable[..., tuple[Page, list[Address]]]


@pytest.fixture(scope="module")
def found(system: System) -> list[Address]:
    """The pages, once the demo has something to show."""
    wait_until(lambda: is_busy(system), 90)
    pages, _ = find_all(system, OWNER)
    assert len(pages) > 30
    return pages


@pytest.fixture
def opened(browser: Browser, system: System, found: list[Address]) -> Iterator[Open]:
    """A browser with this look: (a page of it, the addresses it may open)."""
    contexts: list[BrowserContext] = []

    def start(*, is_signed_in: bool, **look: Any) -> tuple[Page, list[Address]]:
        context = browser.new_context(
            base_url=system.url, bypass_csp=True, reduced_motion="reduce",
            **{"viewport": {"width": 1280, "height": 900}, **look},
        )  # fmt: skip
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        if is_signed_in:
            sign_in(page, system, OWNER)
        return page, [one for one in found if one.is_signed_in == is_signed_in]

    yield start
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_no_page_has_a_grave_fault(opened: Open, theme: str, is_signed_in: bool) -> None:
    """axe finds nothing serious or critical, in light, dark and high contrast."""
    page, pages = opened(is_signed_in=is_signed_in, **THEMES[theme])
    # high contrast changes colours only, so only those are asked about again
    asked, axe, faults = COLOURS if theme == "high contrast" else TAGS, Axe(), []
    for one in pages:
        page.goto(one.path)
        answer = axe.run(page, options={"runOnly": asked}).response
        faults += [
            f"{one.path}: {fault['id']} ({fault['impact']}): {node['target']}"
            for fault in answer["violations"]
            if fault["impact"] in GRAVE
            for node in fault["nodes"][:3]
        ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_no_page_is_wider_than_the_screen(opened: Open, is_signed_in: bool) -> None:
    """At 375 and 320 px, and at 1280 px with letters twice as large."""
    page, pages = opened(is_signed_in=is_signed_in, viewport={"width": 375, "height": 812})
    faults = []
    for one in pages:
        page.set_viewport_size({"width": 375, "height": 812})
        page.goto(one.path)
        faults += [f"{one.path} at 375: {too_wide(page)}"] if too_wide(page) else []
        page.set_viewport_size({"width": 320, "height": 700})
        faults += [f"{one.path} at 320: {too_wide(page)}"] if too_wide(page) else []
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        faults += [f"{one.path} at 200 %: {too_wide(page)}"] if too_wide(page) else []
    assert not faults, "\n".join(faults)


def too_wide(page: Page) -> str:
    """What sticks out to the right; empty if nothing does."""
    return str(
        page.evaluate("""() => {
        const width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= width) return "";
        const wide = [...document.querySelectorAll("body *")].filter((one) => {
            const box = one.getBoundingClientRect();
            return box.width && box.right > width + 1 && getComputedStyle(one).position !== "fixed";
        });
        const last = wide[wide.length - 1];
        return last ? `${last.tagName} ${last.className}` : "something";
    }""")
    )


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_the_keyboard_shows_where_it_is(opened: Open, is_signed_in: bool) -> None:
    """Each page has one h1 and a title of its own; focus has a ring and is in sight."""
    page, pages = opened(is_signed_in=is_signed_in)
    faults, titles = [], {}
    for one in pages:
        page.goto(one.path)
        titles[one.path] = page.title()
        seen = page.locator("h1:visible").count()
        faults += [f"{one.path}: {seen} h1"] if seen != 1 else []
        faults += [f"{one.path}: title {page.title()}"] if len(page.title()) < 8 else []
        for _ in range(TABS):
            page.keyboard.press("Tab")
            fault = page.evaluate(FOCUS)
            faults += [f"{one.path}: {fault}"] if fault else []
    assert not faults, "\n".join(faults)
    assert len(set(titles.values())) > len(titles) / 2


def test_the_first_key_leads_past_the_menu(opened: Open) -> None:
    """Tab, Enter: the keyboard is at the content of every page of the console."""
    page, pages = opened(is_signed_in=True)
    ours = [one for one in pages if not one.path.startswith(("/accounts/", "/nothing/"))]
    for one in ours:
        page.goto(one.path)
        page.locator(".brand").focus()  # some pages begin in a field
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".skip"), one.path).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main"), one.path).to_be_focused()
