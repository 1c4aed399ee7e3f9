"""The console's scripts in a browser of their own: no server, no htmx, a clock that stands still."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

STATIC = Path(__file__).parents[3] / "static"
BEGIN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ADDRESS = "http://scripts.test"
DRAWN = {"content_type": "text/html"}

# What htmx is asked for; it answers nothing by itself.
HTMX = """
window.asked = [];
window.htmx = {
  ajax: (verb, url, how) => { asked.push(["ajax", url, how.event?.detail?.how]); return Promise.resolve(); },
  trigger: (target, name) => asked.push(["trigger", name]),
  swap: (target, html) => asked.push(["swap", html]),
};
"""
Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need a browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a body with some scripts of the console; an error in one of them fails the test.

    `answer` tells the status of each request that is no script: it is called with method and path.
    """
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def open_page(
        body: str, *scripts: str, answer: Callable[[str, str], int] | None = None
    ) -> Page:
        tags = "".join(f'<script type="module" src="/js/{name}.js"></script>' for name in scripts)
        html = f"<!doctype html><script>{HTMX}</script>{body}{tags}"

        def serve(route: Route) -> None:
            path = re.sub(r"^https?://[^/]+", "", route.request.url)
            if path == "/":
                route.fulfill(body=html, **DRAWN)
            elif path.startswith("/js/"):
                route.fulfill(path=STATIC / path[1:])
            else:
                status = answer(route.request.method, path) if answer else 404
                route.fulfill(status=status, body="", **DRAWN)

        page.route("**/*", serve)
        page.clock.install(time=BEGIN)
        page.clock.pause_at(BEGIN + timedelta(hours=1))
        page.goto(f"{ADDRESS}/")
        return page

    yield open_page
    page.close()
    assert errors == []


def asked(page: Page) -> list[list[Any]]:
    """What htmx was asked for since it was last read."""
    found: list[list[Any]] = page.evaluate("asked.splice(0)")
    return found


def load(page: Page, script: str, *names: str) -> None:
    """Makes what a module exports global, for a test to call it."""
    page.evaluate(
        "async ([script, names]) => { const all = await import(`/js/${script}.js`);"
        " for (const name of names) window[name] = all[name]; }",
        [script, list(names)],
    )
