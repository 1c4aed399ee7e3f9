"""A slow server: its answers to some requests are held until the test lets them go."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from playwright.sync_api import APIResponse, Error, Page, Route

SECONDS = 15  # less than a page waits for an answer
Change = Callable[[APIResponse], dict[str, Any]]


class Held:
    """The server's answers to requests of this kind, from the moment this is made: the first `most`.

    The server does its work at once; only what it answers is late.
    """

    def __init__(self, page: Page, address: str, method: str = "GET", *, most: int = 9) -> None:
        self.page, self.method, self.most = page, method, most
        self.address = re.compile(address)
        self.caught: list[tuple[Route, APIResponse]] = []
        page.route(self.address, self.catch)

    def catch(self, route: Route) -> None:
        """Hold it, if it is of this kind."""
        if route.request.method == self.method and len(self.caught) < self.most:
            self.caught.append((route, route.fetch()))
        else:
            route.fallback()

    def wait(self, number: int = 1) -> None:
        """Wait until so many are held."""
        until = time.monotonic() + SECONDS
        while len(self.caught) < number:
            assert time.monotonic() < until, f"{len(self.caught)} of {number} asked for"
            self.page.wait_for_timeout(20)  # requests are caught meanwhile

    def let_go(self, change: Change = lambda _: {}) -> None:
        """Let the answers come, changed as told, and hold no more."""
        self.most = 0
        for route, answer in self.caught:
            with suppress(Error):  # the page may have given up on it
                route.fulfill(response=answer, **change(answer))
        self.page.unroute(self.address, self.catch)


def count(page: Page, address: str, method: str) -> list[str]:
    """The requests of this kind, as they are sent."""
    sent: list[str] = []

    def look(request: Any) -> None:
        if request.method == method and re.search(address, request.url):
            sent.append(request.url)

    page.on("request", look)
    return sent
