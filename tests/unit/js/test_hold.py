"""How long a decision can be taken back, and which one the key takes back."""

import pytest
from playwright.sync_api import Page, expect

from tests.unit.js.conftest import Open

HELD = """
<div data-held><span data-hold="%s"><span data-words>Held</span></span>
  <form onsubmit="taken.push('%s'); return false"><button data-command="take-back">Take back</button></form></div>
"""
PAGE = "<script>window.taken = [];</script>%s"


def held(seconds: float, name: str, place: str = "{}") -> str:
    """A decision that is held, as `take_back.html` draws it, at a place of the page."""
    return PAGE % place.replace("{}", HELD % (seconds, name))


def words(page: Page) -> str:
    """What the first one says of itself."""
    return page.locator("[data-words]").first.inner_text()


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (119, "Carried out in 119 s"),
        (120, "Carried out in 2 min"),
        (3599, "Carried out in 59 min"),
        (0.2, "Carried out in 1 s"),
    ],
)
def test_it_says_how_long(open_page: Open, left: float, text: str) -> None:
    """In seconds at the end, before that in whole minutes."""
    page = open_page(held(left, "a"), "hold")
    assert words(page) == text


def test_it_counts_from_what_the_server_said(open_page: Open) -> None:
    """Second by second; at the end there is nothing to press."""
    page = open_page(held(10, "a"), "hold")
    page.clock.run_for(4_000)
    assert words(page) == "Carried out in 6 s"
    expect(page.locator("button")).to_be_enabled()
    page.clock.run_for(5_500)
    assert words(page) == "Carried out in 1 s"
    expect(page.locator("button")).to_be_enabled()
    page.clock.run_for(750)
    assert words(page) == "Being carried out"
    expect(page.locator("button")).to_be_disabled()


def test_what_is_carried_out_already_says_what_the_server_says(open_page: Open) -> None:
    """Nothing is counted from nothing."""
    page = open_page(held(0, "a"), "hold")
    page.clock.run_for(1_000)
    assert words(page) == "Held"


def test_a_note_goes_once_it_offers_nothing(open_page: Open) -> None:
    """A moment later, so that it can be read; one elsewhere on the page stays."""
    page = open_page(held(1, "a", '<div id="last">{}</div>'), "hold")
    page.clock.run_for(1_250)
    assert words(page) == "Being carried out"
    page.clock.run_for(2_600)
    expect(page.locator("#last > *")).to_have_count(0)


@pytest.mark.parametrize(
    ("places", "first"),
    [
        (["panel", "last", "recent"], "panel"),
        (["last", "recent"], "last"),
        (["recent"], "recent"),
    ],
)
def test_the_key_takes_back_what_was_decided_last(
    open_page: Open, places: list[str], first: str
) -> None:
    """Under the proposal if that is it, else in the note, else in the list."""
    parts = "".join(f'<div id="{name}">{HELD % (60, name)}</div>' for name in reversed(places))
    page = open_page(PAGE % parts, "hold")
    page.evaluate("import('/js/commands.js').then(({ run }) => run('take-back'))")
    assert page.evaluate("taken") == [first]


def test_the_key_passes_over_what_is_carried_out(open_page: Open) -> None:
    """A button that is shut is none; without any the command is not available."""
    parts = (
        f'<div id="panel">{HELD % (1, "panel")}</div><div id="recent">{HELD % (60, "recent")}</div>'
    )
    page = open_page(PAGE % parts, "hold")
    page.clock.run_for(1_500)
    page.evaluate("import('/js/commands.js').then(({ run }) => run('take-back'))")
    assert page.evaluate("taken") == ["recent"]
    page.clock.run_for(60_000)
    available = "import('/js/commands.js').then(({ isAvailable }) => isAvailable('take-back'))"
    assert not page.evaluate(available)
