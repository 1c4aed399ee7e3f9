"""Pictures of every page, for a person to look at: wide and narrow, light and dark."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page, sync_playwright

from tests.flows.addresses import Address, find_all
from tests.flows.running import System, browser_arguments, find_browser, running, wait_until

WIDTHS = {"desktop": (1280, 900), "phone": (375, 812)}
SCHEMES = ("light", "dark")
WHO = "owner@demo.example"
SETTLE_MS = 250  # until what the page fetches by itself has come
BUSY = """
    SELECT (SELECT count(*) FROM proposals_proposal WHERE state = 'waiting') >= 5
       AND (SELECT count(*) FROM gateway_execution WHERE state = 'done') >= 3
"""


class NoBrowser(Exception):
    """There is no Chromium on this machine. Install one, such as with: apt-get install chromium."""


def take(out: Path, *, say: Callable[[str], object], only: str = "") -> list[Path]:
    """A picture of every page whose name contains `only`, into the folder `out`; their paths.

    Starts a demo of its own and stops it. Raises `NoBrowser`.
    """
    if find_browser() is None:
        raise NoBrowser(NoBrowser.__doc__)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as system:
        wait_until(lambda: is_busy(system), 90)
        pages, left_out = find_all(system, WHO)
        for one in left_out:
            say(f"left out: /{one.path.lstrip('/')}: {one.why}")
        wanted = [one for one in pages if only in one.name]
        with browser() as chromium:
            return list(take_all(chromium, system, wanted, out, say))


def is_busy(system: System) -> bool:
    """Whether the demo has something to show."""
    with psycopg.connect(system.owner_url()) as database:
        row = database.execute(BUSY).fetchone()
    return bool(row and row[0])


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=find_browser(), args=browser_arguments()
        )
        try:
            yield started
        finally:
            started.close()


def take_all(
    chromium: Browser, system: System, pages: list[Address], out: Path, say: Callable[[str], object]
) -> Iterator[Path]:
    """Each page at each width in each scheme."""
    for (width_name, (width, height)), scheme in product(WIDTHS.items(), SCHEMES):
        look: dict[str, Any] = {"viewport": {"width": width, "height": height},
                                "color_scheme": scheme, "reduced_motion": "reduce"}  # fmt: skip
        for is_signed_in in (False, True):
            context = chromium.new_context(base_url=system.url, **look)
            page = context.new_page()
            if is_signed_in:
                sign_in(page, system, WHO)
            for one in [page for page in pages if page.is_signed_in == is_signed_in]:
                path = out / f"{one.name}.{width_name}.{scheme}.png"
                shoot(page, one, path)
                say(str(path))
                yield path
            context.close()


def shoot(page: Page, address: Address, path: Path) -> None:
    """One picture, of the page from top to end."""
    page.goto(address.path)
    time.sleep(SETTLE_MS / 1000)
    page.screenshot(path=path, full_page=True)


def sign_in(page: Page, system: System, email: str) -> None:
    """As the person of the demo."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(system.password(email))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("/")
