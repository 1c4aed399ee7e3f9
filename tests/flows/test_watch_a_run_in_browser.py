"""Watching a run: a model's words as it says them, filters in the address, pause, links, errors."""

import re
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as Elapsed

from tests.factories.inference import FaultServer, fault_server
from tests.flows.conftest import OWNER, REVIEWER, SignIn, wait_until
from tests.flows.looking import look_over
from tests.flows.running import System, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = " ".join(f"Thought number {number} of the model." for number in range(25))
LAST = "Thought number 24 of the model."
ANSWERS = 3  # of a run, one after the other
SECONDS = 45_000  # ms; longer than the schedule of an agent


@pytest.fixture(scope="module")
def model() -> Iterator[FaultServer]:
    """llmock, which takes 30 ms for a word."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMOCK_STREAM_CHUNK_DELAY_MS", "30")
        with fault_server() as server:
            yield server


@pytest.fixture(scope="module")
def system(model: FaultServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of its own, whose agents plan with that model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", model.base_url)
        patch.setenv("OPENAI_API_KEY", "sk-test")
        patch.setenv("OPENAI_MODEL", "model-small")
        with running(tmp_path_factory.mktemp("thinking")) as started:
            yield started


def write(system: System, number: int) -> None:
    """A customer writes, so that the refund desk has something to think about."""
    system.write_message(
        sender=f"customer{number}@example.com", subject="Where is it?", body="Where is my parcel?"
    )


def newest_run(page: Page, state: str = "") -> str:
    """The address of the refund desk's newest run with something to do; empty without one."""
    page.goto(f"/runs/?state={state}")
    rows = page.locator("tr").filter(has_text="Refund desk").filter(has_not_text="Read 0 new")
    return rows.first.locator("a").get_attribute("href") or "" if rows.count() else ""


def open_thinking(page: Page, system: System, model: FaultServer, number: int) -> Locator:
    """The page of a run whose model is speaking; what it says so far.

    Several customers write: a slow machine opens the page when the first answer is over.
    """
    model.reset()
    model.behave({"type": "reply", "text": WORDS, "times": None})
    for one in range(ANSWERS):
        write(system, number * 10 + one)
    wait_until(lambda: opens_thinking(page), 60)
    expect(page.locator("[data-live]")).to_have_text("Live")
    return page.locator(".speaking pre")


def opens_thinking(page: Page) -> bool:
    """Whether the newest run at work was opened while its model speaks; others only learn."""
    if not (address := newest_run(page, "running")):
        return False
    page.goto(address)
    with suppress(Elapsed):
        page.locator(".speaking pre").filter(has_text="of the model.").wait_for(timeout=5_000)
        return True
    return False


def test_the_words_of_a_model_appear_while_it_says_them(
    system: System, model: FaultServer, sign_in: SignIn
) -> None:
    """First some of them, then more; finished, the call has its figures and what it said under
    it."""
    page = sign_in(REVIEWER)
    speaking = open_thinking(page, system, model, 1)
    assert LAST not in speaking.inner_text()
    expect(page.locator(".event").filter(has_text="What it said").first).to_be_attached(
        timeout=SECONDS
    )
    finished = page.locator(".event[data-call]").filter(has_text="What it said").last
    expect(finished.locator("pre")).to_contain_text(LAST)
    expect(finished).to_contain_text(re.compile(r"\d+ in, \d+ out"))
    expect(page.locator(".totals")).to_contain_text("call")
    assert page.locator("[data-stream] [aria-live], [data-stream] [role=status]").count() == 0


WATCH_HEIGHTS = """() => {
    window.heights = {};
    const look = () => {
        for (const row of document.querySelectorAll("[data-speaking], .event.fresh[data-call]")) {
            const call = row.dataset.speaking ?? row.dataset.call;
            const of = (window.heights[call] ??= {});
            if (row.dataset.speaking) of.speaking = row.offsetHeight;
            else of.finished ??= row.offsetHeight;
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def test_the_finished_call_takes_exactly_the_place_of_who_spoke(
    system: System, model: FaultServer, sign_in: SignIn
) -> None:
    """Nothing below it moves, and who reads goes on reading; the next to speak folds it."""
    page = sign_in(REVIEWER)
    open_thinking(page, system, model, 6)
    page.evaluate(WATCH_HEIGHTS)
    finished = page.locator(".event[data-call]").filter(has_text="What it said").first
    expect(finished).to_be_attached(timeout=SECONDS)
    expect(finished.locator("pre")).to_contain_text(LAST)
    call = finished.get_attribute("data-call")
    seen = page.evaluate("call => window.heights[call]", call)
    assert abs(seen["speaking"] - seen["finished"]) <= 1, seen

    speak(page, "another-call", "And now the next one.")
    expect(page.locator("[data-speaking='another-call'] pre")).to_be_visible()
    expect(finished.locator("pre")).to_be_hidden()


def speak(page: Page, call: str, text: str, *, at: int = 0) -> None:
    """What the page gets while a model speaks."""
    page.evaluate(
        "tokens => document.dispatchEvent(new CustomEvent('aios:tokens', { detail: tokens }))",
        {"call": call, "at": at, "text": text, "done": False},
    )


def test_only_words_that_were_lost_leave_a_gap(
    system: System, model: FaultServer, sign_in: SignIn
) -> None:
    """Places are counted in characters, of which a picture is one."""
    page = sign_in(REVIEWER)
    page.goto(newest_run(page))
    expect(page.locator("[data-live]")).to_have_text("Live")
    speak(page, "pictures", "\N{PARTY POPPER}" * 5)
    speak(page, "pictures", "then ", at=5)
    speak(page, "pictures", "\N{PARTY POPPER}" * 5, at=10)
    speak(page, "pictures", "later", at=17)
    words = page.locator("[data-speaking=pictures] pre")
    poppers = "\N{PARTY POPPER}" * 5
    expect(words).to_have_text(f"{poppers}then {poppers}… later")


def test_paused_nothing_moves(system: System, model: FaultServer, sign_in: SignIn) -> None:
    """Neither rows nor words; resuming shows what came meanwhile."""
    page = sign_in(OWNER)
    open_thinking(page, system, model, 2)
    pause = page.locator("[data-pause]")
    pause.focus()
    page.keyboard.press("Enter")
    expect(pause).to_have_attribute("aria-pressed", "true")
    trace = page.locator("#trace").inner_text()
    expect(pause).to_contain_text("new", timeout=SECONDS)
    assert page.locator("#trace").inner_text() == trace
    page.keyboard.press("Enter")
    expect(pause).to_contain_text("Pause")
    expect(page.locator(".event.fresh").first).to_be_visible()


def test_filters_are_in_the_address_and_hold_for_what_arrives(
    system: System, model: FaultServer, sign_in: SignIn
) -> None:
    """By stage, kind and text; Back takes the last one away; new rows that do not fit stay out."""
    page = sign_in(OWNER)
    open_thinking(page, system, model, 3)
    expect(page.locator("[data-call]").first).to_be_visible(timeout=SECONDS)
    page.get_by_role("link", name="Plan", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?stage=plan$"))
    expect(page.locator("[data-list=plan] .event").first).to_be_visible()
    expect(page.locator("[data-list=sense] .event")).to_have_count(0)
    page.go_back()
    expect(page.locator("[data-list=sense] .event").first).to_be_visible()

    page.goto("/trace/")
    page.get_by_role("link", name="Model", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?kind=model$"))
    expect(page.locator(".found")).to_contain_text("events fit")
    assert set(page.locator(".event b").all_inner_texts()) == {"Agent"}
    write(system, 4)
    expect(page.locator(".event.fresh").first).to_be_visible(timeout=SECONDS)
    assert set(page.locator(".event b").all_inner_texts()) == {"Agent"}

    page.get_by_role("link", name="All kinds").click()
    page.get_by_label("Search the trace").press_sequentially("started a run")
    expect(page).to_have_url(re.compile(r"q=started"))
    expect(page.locator(".event").first).to_contain_text("started a run")
    expect(page.get_by_label("Search the trace")).to_be_focused()
    page.get_by_label("Search the trace").fill("nothing says this")
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()


def test_rows_lead_to_the_proposal_and_to_the_event(sign_in: SignIn) -> None:
    """From the trace of a run to what it proposed, and to what exactly was recorded."""
    page = sign_in(REVIEWER)
    page.goto("/trace/")
    proposed = page.locator(".event").filter(has_text=re.compile("proposed “")).first
    title = re.search(r"“(.+)”", proposed.inner_text())
    assert title is not None
    number = proposed.get_attribute("data-index")
    proposed.get_by_role("link", name="Proposal").click()
    expect(page.get_by_role("heading", level=1).last).to_contain_text(title[1])
    page.goto("/trace/")
    page.locator(f"[data-index='{number}'] .index").click()
    expect(page).to_have_url(re.compile(rf"/trace/{number}/$"))
    expect(page.locator("main")).to_contain_text("proposal.submitted")
    page.get_by_role("link", name="Open its run").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Run of")


def test_a_model_that_fails_stands_out(model: FaultServer, system: System, sign_in: SignIn) -> None:
    """With a word and an icon, not by colour alone; the filter of errors finds it."""
    page = sign_in(OWNER)
    model.reset()
    model.behave({"type": "fail", "status": 401, "times": None})
    page.goto("/trace/?kind=errors")
    write(system, 5)
    failed = page.locator(".event.error").filter(has_text="model-small").first
    expect(failed).to_be_visible(timeout=SECONDS)
    expect(failed.locator(".badge")).to_have_text("Error")
    page.reload()
    expect(page.locator(".event.error .badge").first).to_have_text("Error")


def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(sign_in: SignIn) -> None:
    """The list, a run, the trace of everything, one event; at 1280, 375 and 320 px."""
    page = sign_in(REVIEWER, bypass_csp=True)
    address = newest_run(page)
    page.goto("/trace/")
    event = page.locator(".index").first.get_attribute("href") or ""
    for path in ("/runs/", address, "/trace/?kind=errors", "/trace/", event):
        page.goto(path)
        look_over(page)
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
