"""A slow server and a quick person: what was asked for last is shown, what was seen is decided."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.flows.conftest import REVIEWER, SignIn, wait_until
from tests.flows.holding import Held, count
from tests.flows.reviewing import PLAN_SECONDS, PRICE, REFUND, press, rows_like

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPERATOR = "operator@demo.example"
# something has happened to what is shown; the server has no such event, so one look settles it
HAPPENED = """() => {
  const { proposal, seen } = document.getElementById("panel").dataset;
  document.dispatchEvent(new CustomEvent("aios:event", { detail: { index: Number(seen) + 1,
    about: [proposal], kind: "proposal.answered", subject: { kind: "proposal", id: proposal },
  } }));
}"""
OTHER_TAB = """
  window.looksElsewhere = true;
  Object.defineProperty(document, "hidden", { get: () => window.looksElsewhere });
"""
COME_BACK = """() => {
  window.looksElsewhere = false;
  document.dispatchEvent(new Event("visibilitychange"));
}"""
# a double click, the second half of which comes when the next proposal is shown
SECOND_CLICK = """() => document.addEventListener("aios:shown", () => {
  const second = new MouseEvent("click", { detail: 2, bubbles: true, cancelable: true });
  document.querySelector("#decide [data-command=skip]").dispatchEvent(second);
}, { once: true })"""


def open_one(page: Page, kind: re.Pattern[str] = PRICE, *, at_least: int = 3) -> list[str]:
    """The proposals of this kind in the order of the list; the first is open and held."""

    def waits() -> bool:
        page.goto("/?split=all")
        return rows_like(page, kind).count() >= at_least

    wait_until(waits, PLAN_SECONDS)
    ids = rows_like(page, kind).evaluate_all("rows => rows.map(row => row.dataset.proposal)")
    row(page, ids[0]).click()
    shows(page, ids[0])
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")
    return list(ids)


def row(page: Page, proposal: str) -> Locator:
    """Its row in the list."""
    return page.locator(f'#list .row[data-proposal="{proposal}"]')


def shows(page: Page, proposal: str) -> None:
    """It is on the stage, in the address, and its row is the current one."""
    expect(page.locator("#panel")).to_have_attribute("data-proposal", proposal)
    expect(page).to_have_url(re.compile(proposal))
    expect(page.locator('#list .row[aria-current="true"]')).to_have_attribute(
        "data-proposal", proposal
    )


@pytest.mark.parametrize("ready", [False, True])
def test_what_is_opened_while_a_decision_is_answered_is_shown(sign_in: SignIn, ready: bool) -> None:
    """The decision counts, and what was clicked comes, not the next of the queue."""
    page = sign_in(REVIEWER)
    first, second, third, *_ = open_one(page)
    skipping = Held(page, r"/skip$", "POST")
    page.keyboard.press("s")
    skipping.wait()
    row(page, third).click()
    advance = json.dumps({"aios:advance": {"address": f"/proposals/{second}/?split=all"}})
    kept = {"hx-reswap": "none", "hx-trigger-after-settle": advance}
    skipping.let_go(lambda answer: {"headers": {**answer.headers, **kept}} if ready else {})
    shows(page, third)
    expect(page.locator("#announce")).to_contain_text("Skipped;")
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")
    shows(page, third)
    page.go_back()
    shows(page, first)


def test_a_refusal_is_read_before_what_was_opened_meanwhile(sign_in: SignIn) -> None:
    """Who goes on quickly still learns that nothing was approved."""
    page = sign_in(REVIEWER)
    first, second, *_ = open_one(page, REFUND, at_least=2)
    approving = Held(page, r"/approve$", "POST")
    page.locator("#approve-button").click()
    approving.wait()
    row(page, second).click()
    expect(page.locator("#stage.htmx-request")).to_have_count(0)  # nothing is fetched before
    approving.let_go()
    expect(page.locator("[data-form-error]")).to_be_focused()
    shows(page, first)
    row(page, second).click()
    shows(page, second)


def test_a_decision_that_fails_keeps_what_is_shown(sign_in: SignIn) -> None:
    """The error stays in sight, whatever comes by itself; the panel can be used again."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    page.route(re.compile(r"/skip$"), lambda route: route.fulfill(status=500))
    page.keyboard.press("s")
    toast = page.locator("#toast")
    expect(toast).to_contain_text("The server could not answer (500)")
    with page.expect_response(re.compile("/inbox/count")) as counted:
        page.evaluate("document.body.dispatchEvent(new CustomEvent('aios:inbox'))")
    counted.value.finished()
    expect(page.locator("#count.htmx-request")).to_have_count(0)
    expect(toast).to_be_visible()
    shows(page, first)
    page.unroute(re.compile(r"/skip$"))
    press(page, "s")
    expect(page.locator("#panel")).not_to_have_attribute("data-proposal", first)
    expect(toast).to_be_hidden()


def test_a_refresh_gives_way_to_a_decision(sign_in: SignIn) -> None:
    """It does not take the form away whose answer is to come."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    looking, skipping = Held(page, rf"/proposals/{first}/\?"), Held(page, r"/skip$", "POST")
    page.evaluate(HAPPENED)
    looking.wait()
    page.keyboard.press("s")
    skipping.wait()
    looking.let_go()
    skipping.let_go()
    expect(page.locator("#panel")).not_to_have_attribute("data-proposal", first)
    expect(page.locator("#panel h1")).to_be_focused()


def test_one_thing_is_decided_at_a_time(sign_in: SignIn) -> None:
    """Neither what is being left nor what is decided already takes another decision."""
    page = sign_in(REVIEWER)
    first, second, *_ = open_one(page)
    approved, skipped = count(page, "/approve$", "POST"), count(page, "/skip$", "POST")
    opening = Held(page, rf"/proposals/{second}/\?")
    row(page, second).click()
    opening.wait()
    page.keyboard.press("s")
    page.evaluate("document.getElementById('approve-form').requestSubmit()")
    opening.let_go()
    shows(page, second)
    assert (approved, skipped) == ([], [])
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")

    skipping = Held(page, r"/skip$", "POST")
    page.keyboard.press("s")
    skipping.wait()
    page.evaluate("document.getElementById('approve-form').requestSubmit()")
    page.keyboard.press("s")
    skipping.let_go()
    expect(page.locator("#panel")).not_to_have_attribute("data-proposal", second)
    assert (len(approved), len(skipped)) == (0, 1)
    expect(row(page, first)).not_to_have_attribute("data-gone", "")


def test_the_second_half_of_a_double_click_decides_nothing(sign_in: SignIn) -> None:
    """It was meant for what stood there before."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    skipped = count(page, "/skip$", "POST")
    page.evaluate(SECOND_CLICK)
    page.locator("#decide [data-command=skip]").click()
    expect(page.locator("#panel")).not_to_have_attribute("data-proposal", first)
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")
    assert len(skipped) == 1


def test_each_step_counts_while_panels_come_slowly(sign_in: SignIn) -> None:
    """Two steps forward lead two rows on, though the first was never shown."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    shown = page.locator("#list .row").evaluate_all("rows => rows.map(one => one.dataset.proposal)")
    goal = shown[shown.index(first) + 2]
    opening = Held(page, r"/proposals/[^/]+/\?split=all$")
    page.keyboard.press("]")
    page.keyboard.press("]")
    opening.wait()
    opening.let_go()
    shows(page, goal)


def test_what_is_typed_next_is_never_taken_for_keys(sign_in: SignIn) -> None:
    """A field that has the focus is not redrawn, nor by what was asked for before."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    looking = Held(page, rf"/proposals/{first}/\?")
    page.evaluate(HAPPENED)
    looking.wait()
    press(page, "c")
    text = page.locator("#ask-text")
    expect(text).to_be_focused()
    looking.let_go()
    expect(page.locator("[data-changed]")).to_be_visible()
    page.keyboard.type("as is")
    expect(text).to_have_value("as is")
    shows(page, first)

    page.get_by_role("button", name="Show it as it is now").click()
    expect(page.locator("[data-changed]")).to_be_hidden()
    press(page, "c")
    expect(page.locator("#ask-text")).to_be_focused()
    page.evaluate(HAPPENED)
    expect(page.locator("[data-changed]")).to_be_visible()
    expect(page.locator("#ask-text")).to_be_focused()


def test_a_button_under_the_pointer_stays_until_it_is_let_go(sign_in: SignIn) -> None:
    """A refresh between pressing and letting go does not swallow the click."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    looking = Held(page, rf"/proposals/{first}/\?")
    page.evaluate(HAPPENED)
    looking.wait()
    page.locator("#decide [data-command=skip]").hover()
    page.mouse.down()
    with page.expect_response(re.compile(first)):
        looking.let_go()
    expect(page.locator("#stage.htmx-request")).to_have_count(0)
    page.mouse.up()
    expect(page.locator("#panel")).not_to_have_attribute("data-proposal", first)


def test_a_list_that_comes_late_leaves_the_focus_and_the_place(sign_in: SignIn) -> None:
    """Neither what is being typed nor what was opened meanwhile is lost, nor what was chosen."""
    page = sign_in(REVIEWER)
    _, second, *_ = open_one(page)
    listing = Held(page, r"/\?split=all&selected=")
    page.evaluate("document.querySelector('[data-news]').click()")
    listing.wait()
    row(page, second).click()
    shows(page, second)
    press(page, "c")
    page.keyboard.type("a")
    page.evaluate("document.querySelector('#list ol').dataset.old = 'yes'")
    listing.let_go()
    expect(page.locator("#list ol[data-old]")).to_have_count(0)
    page.keyboard.type("s it is")
    expect(page.locator("#ask-text")).to_have_value("as it is")
    shows(page, second)


def test_a_row_shows_the_newest_that_is_known(sign_in: SignIn) -> None:
    """An older answer that comes last does not overwrite a newer one."""
    page = sign_in(REVIEWER)
    _, second, *_ = open_one(page)
    happened = f"""() => document.dispatchEvent(new CustomEvent("aios:event", {{ detail: {{ index: 1,
      about: [], kind: "proposal.claimed", subject: {{ kind: "proposal", id: "{second}" }} }} }}))"""
    drawing = Held(page, rf"/proposals/{second}/row", most=1)
    page.evaluate(happened)
    drawing.wait()
    with page.expect_response(re.compile(rf"/proposals/{second}/row")):
        page.evaluate(happened)
    drawing.let_go(lambda answer: {"body": answer.text().replace("</a>", "<i>Old</i></a>")})
    page.wait_for_timeout(200)  # an answer that is not used leaves no mark
    expect(row(page, second)).not_to_contain_text("Old")


def test_recent_decisions_are_asked_for_again_while_an_answer_is_on_its_way(
    sign_in: SignIn,
) -> None:
    """What is asked last is shown: the list replaces itself."""
    page = sign_in(REVIEWER)
    recent = Held(page, r"/inbox/recent")
    for number in (1, 2):
        page.evaluate("htmx.trigger('#recent', 'aios:recent')")
        recent.wait(number)
    page.evaluate("document.getElementById('recent').dataset.old = 'yes'")
    recent.let_go()
    expect(page.locator("#recent[data-old]")).to_have_count(0)


def test_who_leaves_before_a_claim_is_answered_holds_nothing(sign_in: SignIn) -> None:
    """The hold that was still given is let go of at once."""
    page = sign_in(REVIEWER)
    _, second, third, *_ = open_one(page)
    claiming = Held(page, rf"/proposals/{second}/claim$", "POST")
    row(page, second).click()
    claiming.wait()
    row(page, third).click()
    shows(page, third)
    with page.expect_response(re.compile(rf"/proposals/{second}/release$")):
        claiming.let_go()
    expect(row(page, second)).not_to_contain_text("You are on it")


def test_what_was_opened_in_another_tab_is_held_once_it_is_looked_at(sign_in: SignIn) -> None:
    """Nobody holds what nobody sees; on coming to it, it is held."""
    page = sign_in(REVIEWER)
    first, *_ = open_one(page)
    page.goto("/history/")
    page.add_init_script(OTHER_TAB)
    page.goto(f"/proposals/{first}/")
    expect(page.locator("#claim")).to_have_attribute("data-state", "free")
    page.evaluate(COME_BACK)
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")


@pytest.mark.parametrize("status", [409, 500])
def test_a_claim_that_is_refused_is_not_asked_for_in_a_circle(sign_in: SignIn, status: int) -> None:
    """Whatever the server says: it is looked at once more, and then left alone."""
    page = sign_in(REVIEWER)
    open_one(page)
    page.route(re.compile("/claim$"), lambda route: route.fulfill(status=status))
    claims = count(page, "/claim$", "POST")
    page.goto(page.url)
    page.wait_for_timeout(4_000)  # time enough to go round many times
    assert (
        1 <= len(claims) <= 6
    )  # the page, its live updates, what happens to the proposal meanwhile


def test_the_palette_keeps_what_the_arrows_chose(sign_in: SignIn) -> None:
    """Proposals that are found later come behind; Enter does what is marked."""
    page = sign_in(REVIEWER)
    page.keyboard.press("Control+k")
    looking = Held(page, r"/palette\?")
    page.keyboard.type("go to")
    looking.wait()
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("option").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    page.evaluate("document.querySelector('#palette [role=option]').dataset.old = 'yes'")
    looking.let_go()
    expect(page.locator("#palette [data-old]")).to_have_count(0)
    expect(second).to_have_attribute("aria-selected", "true")


def test_the_filter_that_was_chosen_last_is_shown(sign_in: SignIn) -> None:
    """And it is that of the address."""
    page = sign_in(REVIEWER)
    page.goto("/trace/")
    planning = Held(page, r"stage=plan")
    page.get_by_role("link", name="Plan", exact=True).click()
    planning.wait()
    choosing = Held(page, r"kind=model")
    page.get_by_role("link", name="Model", exact=True).click()
    choosing.wait()
    planning.let_go()
    choosing.let_go()
    expect(page.locator("#trace")).to_have_attribute("data-kind", "model")
    expect(page.locator("#trace")).to_have_attribute("data-stage", "")
    expect(page).to_have_url(re.compile(r"\?kind=model$"))


def test_what_was_fetched_ahead_is_like_any_other(sign_in: SignIn) -> None:
    """Its differences can be turned, by button and by key."""
    page = sign_in(REVIEWER)
    fetched: list[str] = []
    page.on("requestfinished", lambda request: fetched.append(request.url))
    first, *_ = open_one(page)
    coming = page.locator("#decide").get_attribute("data-next") or "none"

    def is_there() -> bool:
        page.wait_for_timeout(100)
        return any(address.endswith(coming) for address in fetched)

    wait_until(is_there, PLAN_SECONDS)
    row(page, coming.split("/")[2]).click()
    expect(page.locator("#panel")).not_to_have_attribute("data-proposal", first)
    expect(page.locator("#panel [data-diff]").first).to_be_visible()


def test_what_is_typed_is_still_there_with_the_facts(sign_in: SignIn) -> None:
    """Looking at the facts in between takes nothing away; they are read next."""
    page = sign_in(OPERATOR)  # the others find the facts as closed as before
    open_one(page, REFUND, at_least=1)
    press(page, "r")
    page.locator("#reject-reason").fill("No photo")
    page.locator("#panel h1").focus()
    page.keyboard.press("i")
    expect(page.locator("#evidence-title")).to_be_focused()
    expect(page.locator("#reject-reason")).to_have_value("No photo")
