"""Watching a run: a model's words as it says them, filters in the address, pause, links, errors."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.factories.inference import FaultServer, fault_server
from tests.flows.conftest import OWNER, REVIEWER, SignIn, wait_until
from tests.flows.running import System, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WORDS = " ".join(f"Thought number {number} of the model." for number in range(25))
LAST = "Thought number 24 of the model."
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
    """The page of a run whose model is speaking; what it says so far."""
    model.reset()
    model.behave({"type": "reply", "text": WORDS, "times": None})
    write(system, number)
    wait_until(lambda: newest_run(page, "running"), 60)
    page.goto(newest_run(page, "running") or newest_run(page))
    expect(page.locator("[data-live]")).to_have_text("Live")
    speaking = page.locator(".speaking pre")
    expect(speaking).to_contain_text("of the model.", timeout=SECONDS)
    return speaking


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
    finished = page.locator(".event[data-call]").filter(has_text="What it said").first
    finished.get_by_text("What it said").click()
    expect(finished.locator("pre")).to_contain_text(LAST)
    expect(finished).to_contain_text(re.compile(r"\d+ in, \d+ out"))
    expect(page.locator(".totals")).to_contain_text("call")
    assert page.locator("[data-stream] [aria-live], [data-stream] [role=status]").count() == 0


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
    proposed = page.locator(".event").filter(has_text="proposed").first
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_a_phone(sign_in: SignIn, scheme: str) -> None:
    """The list, a run, the trace of everything, one event; at 1280, 375 and 320 px."""
    page = sign_in(REVIEWER, color_scheme=scheme)
    address = newest_run(page)
    page.goto("/trace/")
    event = page.locator(".index").first.get_attribute("href") or ""
    for width in (1280, 375, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/runs/", address, "/trace/?kind=errors", "/trace/", event):
            page.goto(path)
            if width != 320:
                found = Axe().run(page, options={"runOnly": TAGS})
                assert found.violations_count == 0, f"{path}: {found.generate_report()}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
