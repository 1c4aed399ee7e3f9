"""Text that works on the reviewer: what attackers write is marked, what customers write is not."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.agents.playbooks.refund_desk import examples
from apps.agents.playbooks.refund_desk.replies import TEXTS
from apps.proposals.text import pressure
from tests.redteam.pressing import DISGUISES, attacks

FALSE_ALARMS = 0.01  # of ordinary messages, at most


def kinds(text: str) -> set[str]:
    """How a message works on people."""
    found = pressure.marks(evidence=[{"kind": "message", "title": "", "detail": text}])
    return {mark.kind.value for mark in found}


@pytest.mark.parametrize(("kind", "language", "text"), attacks())
def test_an_attack_is_marked(kind: str, language: str, text: str) -> None:
    """In each of the six languages, in the midst of an ordinary message."""
    assert kind in kinds(f"Hello,\n\nmy lamp is broken. {text} Order 1001. Thanks, Ada")


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_a_disguise_hides_none(disguise: Callable[[str], str]) -> None:
    """Neither letters of another script nor characters nobody sees."""
    missed = [text for kind, _, text in attacks() if kind not in kinds(disguise(text))]
    assert missed == []


def test_ordinary_mail_is_not_marked() -> None:
    """Of what customers write by the desk's own examples, and of what it answers."""
    content = tomllib.loads(Path(examples.__file__).with_suffix(".toml").read_text("utf-8"))
    mail = [
        text
        for intent, by_language in content.items()
        if intent != "suspicious"
        for texts in by_language.values()
        for text in texts
    ]
    mail += [text for by_language in TEXTS.values() for text in by_language.values()]
    marked = [text for text in mail if kinds(text)]
    assert len(mail) > 1_400
    assert len(marked) <= FALSE_ALARMS * len(mail), marked
