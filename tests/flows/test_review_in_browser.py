"""A reviewer's day in the browser, against the whole system and the shop's own ledger."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.flows.conftest import JUNIOR, OWNER, REVIEWER, SignIn, System, wait_until
from tests.flows.looking import look_over
from tests.flows.reviewing import propose_texts

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def system(changed_system: System) -> System:
    """These journeys change what the others look at."""
    return changed_system


REFUND = re.compile(r"^Refund ([\d.]+) EUR: order #(\d+) \((damaged|money back)\)$")
PRICE = re.compile(r"^.+: ([\d.]+) to ([\d.]+) EUR \(.+\)$")
PLAN_SECONDS = 90  # the first runs happen in the first minute


def open_waiting(page: Page, title: re.Pattern[str], *, above: int = 0, below: int = 500) -> str:
    """Open a waiting proposal with such a title and an amount between these, judged by one."""
    found: list[str] = []

    def look() -> bool:
        page.goto("/")
        for row in read_rows(page):
            amount = re.search(r"€([\d,.]+)", row["amount"])
            fits = (
                amount
                and " is on it" not in row["text"].replace("You are on it", "")
                and above < Decimal(amount[1].replace(",", "")) < below
            )
            if title.match(row["title"]) and fits and "reviewers" not in row["text"]:
                found.append(row["title"])
                page.goto(f"/proposals/{row['id']}/")  # by itself: nothing follows a decision here
                return True
        return False

    wait_until(look, PLAN_SECONDS)
    expect(page.locator("#panel h1")).to_have_text(found[-1])
    expect(page.locator("#claim[data-state=mine], .limit").first).to_be_visible()
    return found[-1]


def read_rows(page: Page) -> list[dict[str, str]]:
    """The rows that wait, read at one moment: each with id, title, amount and all its text."""
    rows: list[dict[str, str]] = page.evaluate("""() =>
      [...document.querySelectorAll("#list .row:not([data-gone])")].map((row) => ({
        id: row.dataset.proposal, text: row.innerText,
        title: row.querySelector(".title").innerText.trim(),
        amount: row.querySelector(".amount").innerText,
      }))""")
    return rows


def look_at_facts(page: Page) -> None:
    """High risk is decided by who has looked."""
    page.get_by_role("button", name="Show the facts").click()
    expect(page.locator("#facts-form")).to_have_count(0)
    expect(page.locator("#evidence")).to_be_visible()
    expect(page.locator("#claim")).to_have_attribute("data-state", "mine")


def settled(page: Page) -> None:
    """Wait until the page itself shows the proposal done, with its receipts."""
    expect(page.locator("#panel")).to_have_attribute("data-state", "done", timeout=40_000)
    expect(page.locator("[data-receipt=done]").first).to_be_visible()


def test_approving_a_refund_changes_the_shop_once_and_everybody_sees_it(
    system: System, sign_in: SignIn
) -> None:
    """The receipt appears without reload, a second reviewer sees it, the trace shows each event."""
    reviewer, second, watcher = sign_in(REVIEWER), sign_in(OWNER), sign_in(OWNER)
    title = open_waiting(reviewer, REFUND)
    amount, number = REFUND.match(title).group(1, 2)  # type: ignore[union-attr]
    watcher.goto("/trace/")
    expect(watcher.locator("[data-live]")).to_have_text("Live")
    look_at_facts(reviewer)
    second.goto(reviewer.url)
    expect(second.locator("#claim")).to_have_attribute("data-state", "other")
    reviewer.evaluate("window.neverReloaded = true")

    reviewer.get_by_role("button", name="Approve").click()

    settled(reviewer)
    assert reviewer.evaluate("window.neverReloaded")
    expect(second.locator("#panel")).to_have_attribute("data-state", "done")
    expect(second.get_by_role("button", name="Approve")).to_have_count(0)
    lines = [
        line
        for line in system.ledger()
        if line["action"] == "refund_payment" and str(line["params"]["number"]) == number
    ]
    assert [line["amount"] for line in lines] == [amount]
    shown = watcher.locator("[data-stream] li.fresh")
    for words in (
        f"approved “{title}”",
        "voted to approve",
        "queued the refund",
        "calls the back end for the refund",
        "carried out the refund, receipt",
        "carried out the message, receipt",
        f"carried out and proven: “{title}”",
    ):
        expect(shown.filter(has_text=words).first).to_be_visible()
    places = shown.evaluate_all("rows => rows.map((row) => Number(row.dataset.index))")
    assert places == sorted(set(places), reverse=True)


def test_an_edited_price_reaches_the_shop_as_edited(system: System, sign_in: SignIn) -> None:
    """What the reviewer typed is what the shop holds, exactly once."""
    page = sign_in(REVIEWER)
    title = open_waiting(page, PRICE)
    before, proposed = (Decimal(one) for one in PRICE.match(title).groups())  # type: ignore[union-attr]
    edited = ((before + proposed) / 2).quantize(Decimal("0.01"))
    sku = page.locator(".change .target").first.inner_text().rpartition(" · ")[2]
    earlier = len(system.ledger())

    page.keyboard.press("e")
    page.get_by_label("Amount", exact=True).fill(str(edited).replace(".", ","))
    page.get_by_label("Why (the agent remembers it)").fill("Halfway is enough.")
    page.get_by_role("button", name="Approve as edited").click()

    settled(page)
    expect(page.locator(".change")).to_contain_text(f"€{edited:,}")
    expect(page.locator(".votes")).to_contain_text("approved with edits")
    lines = [line for line in system.ledger()[earlier:] if line["params"].get("sku") == sku]
    assert [(line["action"], line["amount"]) for line in lines] == [("set_price", str(edited))]


def test_a_rejection_is_remembered_and_changes_the_next_similar_case(
    system: System, sign_in: SignIn
) -> None:
    """The reason comes back as evidence, and the agent asks for a photo instead of refunding."""
    page = sign_in(REVIEWER)
    open_waiting(page, re.compile(r"^Refund .+ \(damaged\)$"))
    rejected, earlier = page.url, system.ledger()
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Reject", exact=False).and_(
        page.locator("[type=submit]")
    ).click()
    expect(page.get_by_role("alert").first).to_contain_text("A rejection needs a reason.")
    page.get_by_text("Needs more evidence").click()
    page.get_by_label("In your own words").fill("Ask for a photo of the damage first.")
    page.locator("#reject-form [type=submit]").click()
    expect(page.locator("#panel")).to_have_attribute("data-state", "rejected")

    number, sender, article = a_customer(page)
    system.write_message(
        sender=sender,
        subject="Broken on arrival",
        body=f"Hello, the {article} from order #{number} was broken when I opened the box.",
        order_number=number,
    )
    page.goto(similar(page, number))

    correction = page.locator("[data-evidence=correction]").first
    expect(correction).to_contain_text("Ask for a photo of the damage first.")
    expect(page.locator("#panel h1")).not_to_contain_text("Refund")
    expect(page.locator(".change")).not_to_contain_text("Refund payment")
    page.goto(rejected)
    expect(page.locator(".votes")).to_contain_text("Needs more evidence. Ask for a photo")
    order = page.locator(".change .target").first.inner_text().removeprefix("Order ")
    new = system.ledger()[len(earlier) :]
    assert not [line for line in new if str(line["params"].get("number")) == order]


def a_customer(page: Page) -> tuple[str, str, str]:
    """Order number, address and an article of somebody whose small refund policy let pass."""
    page.goto("/history/?state=done")
    page.locator(".table a").filter(has_text=re.compile(r"^Refund .+ \(late\)")).first.click()
    number = page.locator(".change .target").first.inner_text().removeprefix("Order ")
    sender = page.locator(".context div").filter(has_text="Customer").first.locator("dd")
    shop = page.locator("[data-evidence=shop]").inner_text()
    article = re.search(r"\d+ x ([^,;/]+?) /", shop)
    assert article, shop
    return number, sender.inner_text(), article[1]


def similar(page: Page, number: str) -> str:
    """The address of the proposal about this order's damage, once there is one."""
    found: list[str] = []

    def look() -> bool:
        for path in ("/", "/history/"):
            page.goto(path)
            links = page.locator("#list .row, .table a").filter(
                has_text=re.compile(rf"order #{number} \(damaged\)")
            )
            if links.count():
                found.append(links.first.get_attribute("href") or "")
        return bool(found)

    wait_until(look, PLAN_SECONDS)
    return found[0]


def test_above_the_limit_the_server_refuses(system: System, sign_in: SignIn) -> None:
    """The page offers no approval; a request made by hand is refused and changes nothing."""
    page = sign_in(JUNIOR)
    title = open_waiting(page, REFUND, above=20)
    expect(page.locator(".limit")).to_contain_text("Your authority does not cover this")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    number = REFUND.match(title).group(2)  # type: ignore[union-attr]

    answer = page.evaluate(
        """async () => {
          const form = document.querySelector("#reject-form");
          const body = new FormData(form);
          const url = form.action.replace(/reject$/, "approve");
          const response = await fetch(url, {method: "POST", body});
          return {status: response.status, text: await response.text()};
        }"""
    )

    assert answer["status"] == 403
    assert "Your authority does not cover this" in answer["text"]
    page.reload()
    expect(page.locator("#panel")).to_have_attribute("data-state", "waiting")
    refunds = [line for line in system.ledger() if str(line["params"].get("number")) == number]
    assert refunds == []


def test_a_second_decision_is_told_in_place(sign_in: SignIn) -> None:
    """A form that was open in another tab of the same person says why nothing happened."""
    first, slower = sign_in(REVIEWER), sign_in(REVIEWER)
    open_waiting(first, PRICE)
    slower.goto(first.url)
    slower.get_by_role("button", name="Reject").click()
    slower.get_by_label("In your own words").fill("Too low.")
    first.get_by_role("button", name="Approve").click()
    settled(first)

    expect(slower.locator("[data-changed]")).to_be_visible()
    slower.locator("#reject-form [type=submit]").click()

    expect(slower.locator("[data-form-error]")).to_contain_text("no longer open")
    expect(slower.locator("#panel")).to_have_attribute("data-state", "done")


def test_what_is_new_is_announced_and_nothing_moves(system: System, sign_in: SignIn) -> None:
    """New proposals are counted; the rows stay where they are until the person asks."""
    page = sign_in(REVIEWER)
    titles, news = page.locator("#list .row .title"), page.locator("[data-news]")
    before, count = titles.all_inner_texts(), page.locator("#count").inner_text()
    [new] = propose_texts(system, ["For winter."])
    expect(news).to_be_visible()
    expect(news).to_contain_text("new, show")
    assert titles.all_inner_texts() == before
    expect(page.locator("#count")).not_to_have_text(count)
    counted = page.locator("#count").inner_text().split()[0]
    expect(page.locator("#splits [aria-current] .number")).to_have_text(counted)
    mine = titles.filter(has_text=new)

    def is_shown() -> bool:  # others may be new as well
        if news.is_visible():
            news.click()
        return mine.count() == 1 and news.is_hidden()

    wait_until(is_shown, PLAN_SECONDS)


def test_everybody_can_use_the_pages(sign_in: SignIn) -> None:
    """WCAG 2.2 AA as far as a machine can tell, and nothing is wider than the screen."""
    page = sign_in(REVIEWER, bypass_csp=True)
    first = page.locator("#list .row").first.get_attribute("href")
    for path in ("/", first, "/history/", "/runs/", "/trace/", "/accounts/password/change/"):
        page.goto(path or "/")
        look_over(page)
