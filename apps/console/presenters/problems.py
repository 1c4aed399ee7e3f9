"""What is wrong with a typed value, in the words of a person."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apps.console.presenters.values import field_of_item, label

WORDS = (
    (r"valid decimal|Decimal input should be an?|valid number", "Write a number, e.g. 159.90"),
    (r"valid integer", "Write a whole number, e.g. 3"),
    (r"no more than (\d+) decimal places?", r"Write at most \1 digits after the point"),
    (r"no more than (\d+) digits", r"Write at most \1 digits"),
    (r"greater than or equal to (\S+)", r"Write \1 or more"),
    (r"greater than (\S+)", r"Write more than \1"),
    (r"less than or equal to (\S+)", r"Write \1 or less"),
    (r"less than (\S+)", r"Write less than \1"),
    (r"at least 1 item", "Keep at least one"),
    (r"at most (\d+) items", r"Keep at most \1"),
    (r"at least 1 character", "This is needed"),
    (r"at least (\d+) characters?", r"Write at least \1 characters"),
    (r"at most (\d+) characters?", r"Write at most \1 characters"),
    (r"^Field required$", "This is needed"),
    (r"^Value error, (.)(.*)$", r"\1\2"),
)


def in_plain_words(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The errors of a draft with the field's label added and the problem as advice."""
    return [
        {
            **{name: str(error[name]) for name in ("change",) if name in error},
            "field": str(error.get("field", "")),
            "label": place(str(error.get("field", ""))),
            "problem": advise(str(error.get("problem", ""))),
        }
        for error in errors
    ]


def place(path: str) -> str:
    """The words for a field, or for one of an item in a list: `items.0.quantity`."""
    name, _, rest = path.partition(".")
    number, _, part = rest.partition(".")
    if not number.isdecimal():
        return label(path)
    words = f"{label(name)}, {int(number) + 1}"
    return f"{words}: {field_of_item(part).lower()}" if part else words


def advise(problem: str) -> str:
    """What to type instead; a problem without known advice is told as it is."""
    for pattern, words in WORDS:
        if found := re.search(pattern, problem):
            return found.expand(words)
    return problem
