"""One person decides at a time: when a claim is taken, kept alive, told of and let go."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.unit.js.conftest import Open, asked

MINUTE = 60_000
BODY = """
<main id="stage"><article id="panel" data-proposal="p1">
  <h1 tabindex="-1">A refund</h1>
  %s
  <div class="notice" data-changed hidden>Changed</div>
  <form id="edit" class="drawer"><input id="typed" name="reason"></form>
  <footer id="decide" data-address="/proposals/p1/" data-title="A refund"
    data-claim="/p1/claim/" data-keep="/p1/keep/" data-release="/p1/release/">
    <input type="hidden" name="csrfmiddlewaretoken" value="token">
  </footer>
</article></main>
"""
FREE = '<div id="claim" data-state=""><p>Held for <span data-left></span> s</p><button data-keep>Keep</button></div>'
TAKEN = '<div id="claim" data-state="other">Somebody else is on it</div>'


@dataclass
class Server:
    """Answers to claims, and what it was asked for."""

    status: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str) -> int:
        """200, or 204 for a sign of life, unless a test says otherwise."""
        what = path.strip("/").partition("/")[2]
        self.requests.append(f"{method} {path}")
        return self.status.get(what, 204 if what == "keep" else 200)


@dataclass
class Reader:
    """A page on which a proposal is open."""

    page: Page
    server: Server

    def pass_time(self, milliseconds: int) -> None:
        """Time goes by, and what was sent meanwhile is answered."""
        self.page.clock.run_for(milliseconds)
        self.page.evaluate("fetch('/done/', { method: 'PUT' })")

    def sent(self) -> list[str]:
        """The requests since this was last asked, without those of the test itself."""
        self.page.evaluate("fetch('/done/', { method: 'PUT' })")
        found = [one for one in self.server.requests if not one.startswith("PUT")]
        self.server.requests.clear()
        return found

    def says(self, state: str) -> None:
        """The strip above the proposal says this."""
        expect(self.page.locator("#claim")).to_have_attribute("data-state", state)

    def tell(self, name: str, detail: str) -> None:
        """A custom event happens."""
        self.page.evaluate(
            f"document.dispatchEvent(new CustomEvent('aios:{name}', {{ detail: {detail} }}))"
        )


Read = Callable[..., Reader]


@pytest.fixture
def read(open_page: Open) -> Read:
    """Opens the proposal."""

    def read(strip: str = FREE, **status: int) -> Reader:
        server = Server(status=status)
        page = open_page(BODY % strip, "claim", answer=server.answer)
        return Reader(page, server)

    return read


def test_who_opens_a_proposal_holds_it(read: Read) -> None:
    """And who leaves it lets it go."""
    reader = read()
    reader.says("mine")
    assert reader.sent() == ["POST /p1/claim/"]
    reader.page.evaluate("Object.assign(document.getElementById('decide').dataset, "
                         "{ claim: '/p2/claim/', keep: '/p2/keep/', release: '/p2/release/' })")  # fmt: skip
    reader.tell("shown", "{ panel: document.getElementById('panel') }")
    reader.says("mine")
    assert sorted(reader.sent()) == ["POST /p1/release/", "POST /p2/claim/"]


def test_what_somebody_else_holds_is_only_read(read: Read) -> None:
    """Nothing is asked for, and nothing is said over what the server says."""
    reader = read(TAKEN)
    reader.pass_time(3 * MINUTE)
    assert reader.sent() == []
    reader.says("other")


def test_it_is_kept_while_somebody_is_there(read: Read) -> None:
    """A sign of life every 40 seconds; ten minutes without a key or a pointer, nobody is there."""
    reader = read()
    reader.says("mine")
    reader.sent()
    reader.pass_time(81_000)
    assert reader.sent() == ["POST /p1/keep/"] * 2
    for _ in range(12):
        reader.pass_time(MINUTE)
    reader.sent()
    reader.pass_time(2 * MINUTE)
    assert reader.sent() == []
    reader.says("lapsed")
    reader.page.keyboard.press("Shift")
    assert reader.sent() == ["POST /p1/keep/"]


def test_a_claim_that_is_lost_is_asked_for_again(read: Read) -> None:
    """The sign of life is refused: somebody swept it away."""
    reader = read(keep=409)
    reader.says("mine")
    reader.sent()
    reader.pass_time(41_000)
    assert reader.sent() == ["POST /p1/keep/", "POST /p1/claim/"]


def test_the_last_minute_is_counted(read: Read) -> None:
    """Nothing comes through: it says for how long it holds, and then that it does not."""
    reader = read()
    reader.says("mine")
    reader.page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('offline')); }")
    reader.page.clock.run_for(61_000)
    reader.says("ending")
    left = int(reader.page.locator("[data-left]").inner_text())
    assert 50 < left < 60
    reader.page.clock.run_for(10_000)
    assert int(reader.page.locator("[data-left]").inner_text()) == left - 10
    reader.page.clock.run_for(MINUTE)
    reader.says("lapsed")


def test_a_refusal_shows_who_holds_it(read: Read) -> None:
    """Once: where the page shows it still free, asking again and again helps nobody."""
    reader = read(claim=409)
    reader.sent()
    assert asked(reader.page) == [["ajax", "/proposals/p1/?chosen=0", "refreshed"]]
    reader.page.evaluate("dispatchEvent(new Event('online'))")
    assert reader.sent() == ["POST /p1/claim/"]
    assert asked(reader.page) == []


def test_a_refusal_takes_no_words_away(read: Read) -> None:
    """Who is typing is told that something has happened."""
    reader = read()
    reader.says("mine")
    reader.page.locator("#typed").fill("because")
    reader.server.status["claim"] = 409
    reader.page.evaluate("dispatchEvent(new Event('online'))")
    expect(reader.page.locator("[data-changed]")).to_be_visible()
    assert asked(reader.page) == []


def test_a_decision_ends_it(read: Read) -> None:
    """On the server: nothing is let go, and no sign of life is sent."""
    reader = read()
    reader.says("mine")
    reader.sent()
    reader.tell("decided", "{ proposal: 'p1' }")
    reader.pass_time(2 * MINUTE)
    assert reader.sent() == []


@pytest.mark.parametrize(("kind", "later"), [("proposal.released", 0), ("proposal.claimed", 1_001)])
def test_what_others_do_is_followed(read: Read, kind: str, later: int) -> None:
    """Another of one's own tabs let it go, or somebody took it: it is asked for again."""
    reader = read()
    reader.says("mine")
    reader.sent()
    reader.pass_time(later)
    event = f"{{ kind: '{kind}', subject: {{ id: 'p1' }} }}"
    reader.tell("followed", event.replace("p1", "p2"))
    reader.pass_time(1_001)
    assert reader.sent() == []
    reader.tell("followed", event)
    reader.pass_time(1_001)
    assert reader.sent() == ["POST /p1/claim/"]


def test_ones_own_claim_is_no_news(read: Read) -> None:
    """The event about it comes right after its answer."""
    reader = read()
    reader.says("mine")
    reader.sent()
    reader.tell("followed", "{ kind: 'proposal.claimed', subject: { id: 'p1' } }")
    assert reader.sent() == []


def test_what_becomes_free_is_shown(read: Read) -> None:
    """Even to who types: they could not send it, and it is put back."""
    reader = read(TAKEN)
    reader.page.locator("#typed").fill("because")
    reader.tell("followed", "{ kind: 'proposal.released', subject: { id: 'p1' } }")
    assert asked(reader.page) == [["ajax", "/proposals/p1/?chosen=0", "refreshed"]]
