"""The panel's requests: one at a time, a decision before all, the last wish counts."""

import pytest
from playwright.sync_api import Page, expect

from tests.unit.js.conftest import Open, asked, load

BODY = """
<div id="stage">
  <article id="panel"><form><button id="approve">Approve</button></form></article>
</div>
<form id="last"><button id="take-back">Take back</button></form>
<script>
  window.answered = [];
  document.addEventListener("aios:answered", ({ detail }) => answered.push(detail));
  // A decision as htmx tells of it; its answer comes with `finish`.
  window.decide = (from = "#approve") => {
    const xhr = new EventTarget();
    const elt = document.querySelector(from);
    const requestConfig = { verb: "post", target: document.getElementById("panel") };
    const detail = { xhr, elt, requestConfig };
    const event = new CustomEvent("htmx:beforeRequest", { detail, cancelable: true });
    window.last = detail;
    return document.dispatchEvent(event);
  };
  window.finish = (status) => {
    last.xhr.status = status;
    const detail = { ...last };
    document.dispatchEvent(new CustomEvent("htmx:beforeSwap", { detail }));
    last.xhr.dispatchEvent(new Event("loadend"));
    return detail.swapOverride ?? "";
  };
  // The answer to a panel that was asked for.
  window.came = (why) => {
    const triggeringEvent = new CustomEvent("aios:load", { detail: why });
    const detail = { requestConfig: { triggeringEvent } };
    document.dispatchEvent(new CustomEvent("htmx:afterRequest", { detail }));
  };
</script>
"""


@pytest.fixture
def page(open_page: Open) -> Page:
    """A page with a proposal that can be decided."""
    page = open_page(BODY, "request_queue")
    load(page, "request_queue", "isBusy", "isTaken", "headedFor", "mayOpen", "load", "takeWish")
    return page


def is_shut(page: Page) -> bool:
    """Whether the panel takes nothing more."""
    return bool(page.evaluate("document.getElementById('panel').inert"))


def test_what_is_opened_last_is_shown(page: Page) -> None:
    """The one that was on its way is given up, and the panel on its way out takes nothing."""
    page.evaluate("load({ url: '/a/', how: 'opened' })")
    assert is_shut(page)
    assert page.evaluate("headedFor()") == "/a/"
    page.evaluate("load({ url: '/b/', how: 'opened' })")
    assert asked(page) == [
        ["ajax", "/a/", "opened"], ["trigger", "htmx:abort"], ["ajax", "/b/", "opened"],
    ]  # fmt: skip
    assert page.evaluate("headedFor()") == "/b/"


def test_an_answer_that_was_overtaken_ends_nothing(page: Page) -> None:
    """Only the answer to the last wish opens the panel again."""
    page.evaluate(
        "window.a = { url: '/a/', how: 'opened' }; window.b = { url: '/b/', how: 'opened' }"
    )
    page.evaluate("load(a); load(b); came(a)")
    assert page.evaluate("isBusy()")
    assert is_shut(page)
    page.evaluate("came(b)")
    assert not page.evaluate("isBusy()")
    assert not is_shut(page)


def test_a_refresh_leaves_the_panel_open(page: Page) -> None:
    """Nothing is taken from under the reader's hands, and a decision ends it."""
    page.evaluate("load({ url: '/a/', how: 'refreshed' })")
    assert not is_shut(page)
    assert page.evaluate("isBusy() && !isTaken() && headedFor() === ''")
    asked(page)
    assert page.evaluate("decide()")
    assert asked(page) == [["trigger", "htmx:abort"]]
    assert page.evaluate("isTaken()")
    assert is_shut(page)


def test_a_proposal_is_decided_once(page: Page) -> None:
    """A second decision is not sent while one is on its way; after a failure it is again."""
    assert page.evaluate("decide()")
    page.evaluate("window.first = last")
    assert not page.evaluate("decide()")
    assert not page.evaluate("decide('#take-back')")  # nor is another, from beside the panel
    page.evaluate("last = first; finish(500)")
    assert not is_shut(page)
    assert page.evaluate("decide()")


def test_what_is_on_its_way_out_is_not_decided(page: Page) -> None:
    """Another proposal was opened: the keys of this one come too late."""
    page.evaluate("load({ url: '/a/', how: 'opened' })")
    assert not page.evaluate("decide()")


@pytest.mark.parametrize(
    ("status", "is_done", "swap"), [(200, True, "none"), (422, False, ""), (0, False, "none")]
)
def test_what_is_opened_meanwhile_waits_for_the_answer(
    page: Page, status: int, is_done: bool, swap: str
) -> None:
    """Then it is shown instead of the next; where nothing was decided, the refusal is shown."""
    page.evaluate("decide()")
    assert not page.evaluate("mayOpen({ url: '/b/', how: 'opened' })")
    assert page.evaluate("headedFor()") == "/b/"
    assert page.evaluate(f"finish({status})") == swap
    assert page.evaluate("answered") == [
        {"wish": {"url": "/b/", "how": "opened"}, "isDone": is_done}
    ]
    assert page.evaluate("headedFor()") == ""
    assert page.evaluate("mayOpen({ url: '/c/', how: 'opened' })")


def test_nothing_wished_means_the_next_of_the_queue(page: Page) -> None:
    """A wish is taken once."""
    page.evaluate("decide(); mayOpen({ url: '/b/' })")
    assert page.evaluate("takeWish({ url: '/next/' })") == {"url": "/b/"}
    assert page.evaluate("takeWish({ url: '/next/' })") == {"url": "/next/"}
    assert page.evaluate("finish(200)") == ""  # the answer brings it
    assert page.evaluate("answered") == []


def test_the_focus_comes_back(page: Page) -> None:
    """Where it was before the panel shut, unless it is somewhere by now."""
    page.locator("#approve").focus()
    page.evaluate("decide()")
    expect(page.locator("#approve")).not_to_be_focused()
    page.evaluate("finish(500)")
    expect(page.locator("#approve")).to_be_focused()
