"""Labelled examples: messages whose intent is known. Those that ship are in `examples.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.languages import LANGUAGES

FILE = Path(__file__).with_suffix(".toml")


class UnreadableExamples(ValueError):
    """The file of examples names an intent or a language there is none of; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A message as a customer would write it, and what it asks for; `own` is the workspace's."""

    intent: Intent
    language: str
    text: str
    own: bool = False


@cache
def shipped() -> tuple[Example, ...]:
    """The examples in the file beside this module."""
    return tuple(read(FILE))


def read(file: Path) -> list[Example]:
    """The examples of a file: `[intent]`, and in it a list of texts per language.

    Raises `UnreadableExamples`.
    """
    found = []
    for intent, by_language in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for language, texts in by_language.items():
            check(file, intent, language)
            found += [Example(intent=Intent(intent), language=language, text=t) for t in texts]
    return found


def check(file: Path, intent: str, language: str) -> None:
    """Whether there is such an intent and language. Raises `UnreadableExamples`."""
    if intent not in set(Intent):
        raise UnreadableExamples(f"{file.name}: [{intent}] is none of {', '.join(Intent)}.")
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UnreadableExamples(f"{file.name}: [{intent}] {language} is none of {known}.")
