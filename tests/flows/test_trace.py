"""The live trace over a real socket: resumed by number, and only for those it concerns."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.flows.conftest import OWNER, REVIEWER, SignIn, System

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CUTS = 12
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
    """Cut off again and again and resumed by number, the sequence has no gap and no repetition."""
    cookie, places = cookie_of(system, REVIEWER), [0]
    with closing(system.sign_in(OWNER)) as owner:
        proposal = re.search(
            r'id="panel"[^>]*data-proposal="([^"]+)"', owner.get("/").text, re.DOTALL
        )
        assert proposal
        for cut in range(CUTS):
            act(owner, proposal[1], "claim")  # while nobody listens
            with socket(system, cookie, after=places[-1]) as connection:
                act(owner, proposal[1], "release")
                places += listen(connection, 0.2 + cut * 0.05)
        before = places[-1]
        act(owner, proposal[1], "claim")
        act(owner, proposal[1], "release")
        with socket(system, cookie, after=before) as connection:
            places += listen(connection, WATCH_SECONDS, enough=2)
    assert len(places) > 2 * CUTS
    assert places[-1] >= before + 2
    assert places == list(range(places[-1] + 1))


def act(person: httpx2.Client, proposal: str, what: str) -> None:
    """Something that everybody who watches is told of."""
    answer = person.post(
        f"/proposals/{proposal}/{what}",
        headers={"X-CSRFToken": person.cookies["csrftoken"], "Referer": str(person.base_url)},
    )
    assert answer.status_code == 204, answer.text


def listen(connection: ClientConnection, seconds: float, enough: int | None = None) -> list[int]:
    """The numbers of the events that come in this time, or until there are enough."""
    places: list[int] = []
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and (enough is None or len(places) < enough):
        with suppress(TimeoutError):
            came = json.loads(connection.recv(timeout=left))
            places += [event["index"] for event in came] if isinstance(came, list) else []
    return places


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
