"""The live trace over a real socket: resumed by number, and only for those it concerns."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.flows.conftest import OWNER, REVIEWER, SignIn, System

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WATCH_SECONDS = 40  # longer than the schedule of an agent, so that something happens


@contextmanager
def socket(
    system: System, cookie: str, path: str = "/ws/trace/", after: int = 0
) -> Iterator[ClientConnection]:
    """A connection as a browser opens it."""
    with connect(
        f"{system.url.replace('http', 'ws')}{path}?after={after}",
        origin=system.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": cookie},
        proxy=None,
    ) as connection:
        yield connection


def cookie_of(system: System, email: str) -> str:
    """The session of a signed-in person."""
    return f"sessionid={system.sign_in(email).cookies['sessionid']}"


def test_a_reconnect_misses_and_doubles_nothing(system: System) -> None:
    """Cut off every second and resumed by number, the sequence is without gap or repetition."""
    cookie, places = cookie_of(system, REVIEWER), [0]
    until = time.monotonic() + WATCH_SECONDS
    while time.monotonic() < until:
        with socket(system, cookie, after=places[-1]) as connection:
            leave = time.monotonic() + 1
            while (left := leave - time.monotonic()) > 0:
                try:
                    events = json.loads(connection.recv(timeout=left))
                except TimeoutError:
                    break
                places += [event["index"] for event in events]
    assert len(places) > 100
    assert places == list(range(places[-1] + 1))


def test_others_are_told_why_they_see_nothing(system: System) -> None:
    """Nobody signed in: 4401; a run this workspace does not have: 4403."""
    for cookie, path, code in (
        ("", "/ws/trace/", 4401),
        (cookie_of(system, REVIEWER), f"/ws/trace/{uuid4()}/", 4403),
    ):
        with (
            socket(system, cookie, path) as connection,
            pytest.raises(ConnectionClosed) as closed,
        ):
            connection.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


def test_a_paused_trace_keeps_what_it_missed(system: System, sign_in: SignIn) -> None:
    """While paused nothing moves; resuming shows what came meanwhile."""
    page = sign_in(OWNER)
    page.goto("/trace/")
    expect(page.locator("[data-live]")).to_have_text("Live")
    page.get_by_role("button", name="Pause").click()
    newest = page.locator("[data-stream] li").first.get_attribute("data-index")
    resume = page.locator("[data-pause]")
    expect(resume).to_contain_text("new", timeout=WATCH_SECONDS * 1000)
    assert page.locator("[data-stream] li").first.get_attribute("data-index") == newest
    resume.click()
    expect(page.locator("[data-stream] li.fresh").first).to_be_visible()
    rows = page.locator("[data-stream] li")  # read in one go: more may arrive meanwhile
    places = rows.evaluate_all("items => items.map(item => Number(item.dataset.index))")
    assert places == sorted(set(places), reverse=True)


def test_the_page_of_a_run_goes_on_live(system: System, sign_in: SignIn) -> None:
    """A run opened while it waits shows its steps, what it proposed, and its trace."""
    page = sign_in(REVIEWER)
    page.goto("/runs/?state=waiting")
    page.locator("tr").filter(has_text="Refund desk").locator("a").first.click()
    expect(page.locator("[data-live]")).to_have_text("Live")
    expect(page.locator(".steps")).to_contain_text("Sense")
    expect(page.locator(".steps")).to_contain_text("by rules")
    expect(page.locator(".totals")).to_contain_text("planned by rules, at no cost")
    expect(page.locator("[data-list=sense]")).to_contain_text("started a run")
    expect(page.locator("[data-list=act]")).to_contain_text("proposed")
