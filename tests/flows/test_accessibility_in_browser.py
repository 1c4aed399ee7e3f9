"""Everybody can use every page: WCAG 2.2 AA as far as a machine can tell, in every theme.

The pages come from the URL map (`tests.flows.addresses`): a new one is tested as soon as it exists.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.flows.addresses import Address, find_all
from tests.flows.conftest import OWNER, System, wait_until
from tests.flows.looking import COLOURS, DARK, GRAVE, HIGH_CONTRAST, LIGHT, TAGS, find_faults
from tests.flows.running import ROOT
from tests.screenshots import is_busy, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

THEMES = ((LIGHT, TAGS), (DARK, COLOURS), (HIGH_CONTRAST, COLOURS))
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


@pytest.mark.timeout(900)  # seconds for all pages, where the machine has more to do
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_no_page_has_a_grave_fault(opened: Open, is_signed_in: bool) -> None:
    """axe finds nothing serious or critical, in light, dark and high contrast."""
    page, pages = opened(is_signed_in=is_signed_in)
    faults = []
    for one in pages:
        page.goto(one.path)
        for theme, asked in THEMES:
            page.emulate_media(**theme)
            faults += [
                f"{one.path} {theme}: {fault['id']} ({fault['impact']}): {fault['nodes']}"
                for fault in find_faults(page, asked)
                if fault["impact"] in GRAVE
            ]
    assert not faults, "\n".join(faults)


def test_a_theme_changes_colours_only() -> None:
    """What is asked about colours alone in dark and high contrast needs no other question."""
    rules = re.compile(r"([^{}]*(?:prefers-color-scheme|data-theme)[^{}]*)\{([^{}]*)\}")
    sheets = {path: path.read_text() for path in (ROOT / "static/css").glob("*.css")}
    found = [rule for sheet in sheets.values() for rule in rules.findall(sheet)]
    assert len(found) == 2
    assert all(re.fullmatch(r"\s*color-scheme: \w+;\s*", body) for _, body in found), found
    contrast = re.compile(
        r"(?:prefers-contrast: more\) *\{|data-contrast=.more.\])[^{}]*\{([^{}]*)"
    )
    for sheet in sheets.values():
        for body in contrast.findall(sheet):
            assert re.fullmatch(r"\s*(?:(?:--[\w-]+|box-shadow): [^;]+;\s*)+", body), body


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
