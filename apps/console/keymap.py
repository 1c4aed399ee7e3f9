"""The keys of the console: one list that the pages, the sheet, the palette and the scripts share.

A key is written as tinykeys reads it: `a`, `Shift+J`, `g q` (one after the other), `$mod+K`
(Ctrl or Cmd). People may choose other keys for what is `free`; the rest works everywhere alike.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PREFIX = "g"  # begins a sequence of two keys, so it is no key by itself
CHIPS = 9  # the digits choose a reason
KEY = re.compile(rf"(?:{PREFIX} )?[a-z/\[\].,;'\-=]|Shift\+[A-Z]")
SHOWN = {"$mod+k": "Ctrl K", "$mod+Enter": "Ctrl ↵", "Escape": "Esc", "Enter": "↵"}


@dataclass(frozen=True, kw_only=True)
class Command:
    """Something a key does. `free`: a person may choose another key, or none."""

    name: str
    key: str
    words: str
    group: str
    free: bool = True


EVERYWHERE, LIST, ITEM, TEXT = "Anywhere", "In the queue", "On a proposal", "While typing"

COMMANDS = tuple(
    Command(name=name, key=key, words=words, group=group, free=group != TEXT and "$" not in key)
    for group, rows in (
        (EVERYWHERE, (
            ("sheet", "?", "All keys"),
            ("palette", "$mod+k", "Command palette"),
            ("search", "/", "Search"),
            ("queue", "g q", "Go to the queue"),
            ("history", "g h", "Go to the history"),
            ("policies", "g p", "Go to the policies"),
            ("runs", "g r", "Go to the runs"),
            ("trace", "g t", "Go to the trace"),
            ("stop", "g s", "Go to the kill switch"),
        )),
        (LIST, (
            ("down", "j", "Next row"),
            ("up", "k", "Previous row"),
            ("select", "x", "Select the row"),
            ("extend-down", "Shift+J", "Select on downwards"),
            ("extend-up", "Shift+K", "Select on upwards"),
            ("new", "l", "Show what is new"),
            ("pause", "p", "Pause live updates"),
        )),
        (ITEM, (
            ("approve", "a", "Approve; for high risk, go to the button"),
            ("edit", "e", "Edit, then approve"),
            ("reject", "r", "Reject with a reason"),
            ("ask", "c", "Ask the agent"),
            ("skip", "s", "Skip: to the end of my queue"),
            ("snooze", "h", "Snooze: later, or when the shop changes"),
            ("take-back", "z", "Take back the last decision while it is held"),
            ("previous", "[", "Previous proposal"),
            ("next", "]", "Next proposal"),
            ("diff", "d", "Show differences another way"),
            ("evidence", "i", "Go to the evidence"),
            ("undo", "u", "Undo what is done"),
        )),
        (TEXT, (
            ("send", "$mod+Enter", "Send the form; approve high risk"),
            ("leave", "Escape", "Leave the field, close the form, clear the selection"),
        )),
    )
    for name, key, words in rows
)  # fmt: skip
KNOWN = {command.name: command for command in COMMANDS}


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A command with the key it has for a person; empty where they want none."""

    command: Command
    key: str

    @property
    def shown(self) -> str:
        """The key as it is printed."""
        return show(self.key)


def show(key: str) -> str:
    """A key as it is printed on a button."""
    return SHOWN.get(key, key)


def bind(chosen: Mapping[str, str]) -> dict[str, Bound]:
    """Every command with its key; `chosen` are a person's own, unknown ones are passed over."""
    return {
        command.name: Bound(
            command=command,
            key=chosen.get(command.name, command.key) if command.free else command.key,
        )
        for command in COMMANDS
    }


def grouped(bound: Iterable[Bound]) -> list[tuple[str, list[Bound]]]:
    """The commands by where they work, in the order of the sheet."""
    rows = list(bound)
    groups = dict.fromkeys(shortcut.command.group for shortcut in rows)
    return [
        (group, [shortcut for shortcut in rows if shortcut.command.group == group])
        for group in groups
    ]


def check(chosen: Mapping[str, str]) -> list[dict[str, str]]:
    """What is wrong with a person's keys: a list of {field, problem}, empty if nothing is."""
    errors = [
        {"field": name, "problem": problem}
        for name, key in chosen.items()
        if (problem := find_problem(name, key))
    ]
    return errors or clashes(chosen)


def find_problem(name: str, key: str) -> str:
    """Why this key cannot be that of the command; empty if it can."""
    command = KNOWN.get(name)
    if command is None or not command.free:
        return "This key cannot be changed."
    if key and key != command.key and (key == PREFIX or not KEY.fullmatch(key)):
        return f"Write one letter or sign, “{PREFIX}” and a letter, or “Shift+” and a letter."
    return ""


def clashes(chosen: Mapping[str, str]) -> list[dict[str, str]]:
    """Commands that would share a key; the complaint is about the one that was chosen."""
    bound = [shortcut for shortcut in bind(chosen).values() if shortcut.key]
    found = []
    for name in chosen:
        for other in bound:
            same = chosen[name] and other.key == chosen[name] and other.command.name != name
            if same:
                words = other.command.words.partition(":")[0]
                found.append(
                    {"field": name, "problem": f"“{other.shown}” is already: {words.lower()}."}
                )
    return found


def differing(wanted: Mapping[str, str]) -> dict[str, str]:
    """Only what differs from the keys everybody has."""
    return {name: key for name, key in wanted.items() if name in KNOWN and key != KNOWN[name].key}
