"""What is wrong with a typed value, in the words of a person."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from apps.console.presenters.values import label

WORDS = (
    (r"valid decimal|Decimal input should be an?|valid number", "Write a number, e.g. 159.90"),
    (r"valid integer", "Write a whole number, e.g. 3"),
    (r"no more than (\d+) decimal places?", r"Write at most \1 digits after the point"),
    (r"no more than (\d+) digits", r"Write at most \1 digits"),
    (r"greater than or equal to (\S+)", r"Write \1 or more"),
    (r"greater than (\S+)", r"Write more than \1"),
    (r"less than or equal to (\S+)", r"Write \1 or less"),
    (r"less than (\S+)", r"Write less than \1"),
    (r"at least 1 character", "This is needed"),
    (r"at least (\d+) characters?", r"Write at least \1 characters"),
    (r"at most (\d+) characters?", r"Write at most \1 characters"),
    (r"^Field required$", "This is needed"),
)


def in_plain_words(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The errors of a draft with the field's label added and the problem as advice."""
    return [
        {
            "field": str(error.get("field", "")),
            "label": label(str(error.get("field", ""))),
            "problem": advise(str(error.get("problem", ""))),
        }
        for error in errors
    ]


def advise(problem: str) -> str:
    """What to type instead; a problem without known advice is told as it is."""
    for pattern, words in WORDS:
        if found := re.search(pattern, problem):
            return found.expand(words)
    return problem
