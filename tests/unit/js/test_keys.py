"""From a key that is pressed to a command, and when a key is left alone."""

import json

import pytest
from playwright.sync_api import Page

from tests.unit.js.conftest import Open

KEYS = {
    "approve": "a", "search": "/", "down": "j", "stop": "s", "settings": "g s",
    "palette": "$mod+k", "send": "$mod+Enter", "leave": "Escape", "extend": "Shift+J",
}  # fmt: skip
BODY = """
<body data-keys>
<script type="application/json" id="keymap">%s</script>
<input id="field"><input type="checkbox" id="box">
<dialog id="dialog"><button>In it</button></dialog>
%s
<script type="module">
  import { define } from "/js/commands.js";
  import { listenForKeys } from "/js/keys.js";
  window.done = [];
  for (const name of ["send", "leave", "digit"]) define(name, ({ key }) => { done.push(`${name} ${key}`); });
  define("declined", () => false);
  for (const button of document.querySelectorAll("[data-command]")) {
    button.addEventListener("click", () => done.push(button.dataset.command));
  }
  document.addEventListener("keydown", (event) => setTimeout(() => { window.taken = event.defaultPrevented; }));
  listenForKeys();
</script>
"""
BUTTONS = "".join(
    f'<button data-command="{name}">{name}</button>'
    for name in ("approve", "search", "down", "stop", "settings", "palette", "extend")
)
KEYMAP = json.dumps({name: {"key": key, "shown": key, "words": name} for name, key in KEYS.items()})


@pytest.fixture
def page(open_page: Open) -> Page:
    """A page with a button for each command."""
    return open_page(BODY % (KEYMAP, BUTTONS), "keys")


def done(page: Page) -> list[str]:
    """The commands that were given since it was last read."""
    found: list[str] = page.evaluate("done.splice(0)")
    return found


@pytest.mark.parametrize(
    ("pressed", "given"),
    [
        ("a", ["approve"]),
        ("/", ["search"]),
        ("Shift+J", ["extend"]),
        ("Shift+A", []),  # another key than `a`
        ("Control+k", ["palette"]),
        ("Meta+k", ["palette"]),
        ("Control+Shift+K", ["palette"]),
        ("Alt+a", []),
        ("Escape", ["leave Escape"]),
        ("3", ["digit 3"]),
        ("0", []),
        ("x", []),
    ],
)
def test_a_key_gives_its_command(page: Page, pressed: str, given: list[str]) -> None:
    """And no other; what is no command is the browser's."""
    page.keyboard.press(pressed)
    assert done(page) == given
    page.clock.run_for(1)
    assert page.evaluate("taken") is bool(given)


def test_two_keys_are_one_stroke(page: Page) -> None:
    """`g s` is not `s`, unless one waits too long between them."""
    for key in "gs":
        page.keyboard.press(key)
    assert done(page) == ["settings"]
    page.keyboard.press("s")
    assert done(page) == ["stop"]
    page.keyboard.press("g")
    page.clock.run_for(1300)
    page.keyboard.press("s")
    assert done(page) == ["stop"]


def test_who_types_gives_no_commands(page: Page) -> None:
    """In a field letters are letters; Ctrl with a key and Escape still work, and a box takes keys."""
    page.locator("#field").focus()
    page.keyboard.type("a/3")
    assert done(page) == []
    assert page.locator("#field").input_value() == "a/3"
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Escape")
    assert done(page) == ["send Control+Enter", "leave Escape"] or done(page) == []
    page.locator("#box").focus()
    page.keyboard.press("a")
    assert done(page) == ["approve"]


def test_single_keys_can_be_turned_off(page: Page) -> None:
    """Ctrl with a key and Escape stay."""
    page.evaluate("delete document.body.dataset.keys")
    for key in ("a", "3", "Control+k", "Escape"):
        page.keyboard.press(key)
    assert done(page) == ["palette", "leave Escape"]


def test_a_dialog_keeps_its_keys(page: Page) -> None:
    """Only the palette is opened from within one."""
    page.evaluate("document.getElementById('dialog').showModal()")
    for key in ("a", "Control+Enter", "Control+k"):
        page.keyboard.press(key)
    assert done(page) == ["palette"]


def test_a_key_that_is_held_decides_once(page: Page) -> None:
    """Moving through rows repeats; everything else waits until it is let go."""
    for key in ("a", "a", "j", "j"):
        page.keyboard.down(key)
    assert done(page) == ["approve", "down", "down"]


def test_other_alphabets_use_the_place_of_a_key(page: Page) -> None:
    """`ф` lies where `a` does; what an AltGr key writes is that sign."""
    press = "([key, code, more]) => document.dispatchEvent(new KeyboardEvent('keydown', {key, code, ...more}))"
    page.evaluate(press, ["ф", "KeyA", {}])
    assert done(page) == ["approve"]
    page.evaluate(
        press, ["/", "Digit7", {"ctrlKey": True, "altKey": True, "modifierAltGraph": True}]
    )
    assert done(page) == ["search"]


def test_a_command_without_a_control_is_nobodys(page: Page) -> None:
    """What is hidden, inert or disabled cannot be pressed."""
    page.evaluate("document.querySelector('[data-command=approve]').disabled = true")
    page.evaluate("document.querySelector('[data-command=stop]').hidden = true")
    page.evaluate("document.querySelector('[data-command=search]').inert = true")
    for key in "as/":
        page.keyboard.press(key)
    assert done(page) == []
