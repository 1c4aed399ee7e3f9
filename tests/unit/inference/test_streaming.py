"""The words of a call: gathered for a moment, bounded, and hardly a cost where nobody listens."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from apps.inference import streaming
from apps.inference.streaming import MOST, MOST_AT_ONCE, Voice


class Audience:
    """Stands where the broker is, as many listening as said."""

    def __init__(self) -> None:
        self.listeners = 1
        self.told: list[dict[str, Any]] = []
        self.tried = 0
        self.now = 0.0

    def publish(self, channel: str, message: str) -> int:
        """Take a message."""
        self.tried += 1
        if self.listeners:
            self.told.append(json.loads(message))
        return self.listeners

    @property
    def text(self) -> str:
        """All that was told."""
        return "".join(one["text"] for one in self.told)


@pytest.fixture
def audience(monkeypatch: pytest.MonkeyPatch) -> Audience:
    """One listener."""
    made = Audience()
    monkeypatch.setattr(streaming, "publish", made.publish)
    return made


@pytest.fixture
def begin(audience: Audience) -> Callable[[], Voice]:
    """Begins a call on the audience's clock."""

    def make() -> Voice:
        return Voice(workspace_id=uuid4(), run_id=uuid4(), call_id=uuid4(), purpose="plan",
                     clock=lambda: audience.now)  # fmt: skip

    return make


def test_words_are_gathered_for_a_moment(audience: Audience, begin: Callable[[], Voice]) -> None:
    """The first at once, then what came within 40 ms, the rest at the end."""
    said = begin()
    for number in range(10):
        said.say(f"{number} ")
        audience.now += 0.010
    said.end()
    assert [one["text"] for one in audience.told] == ["0 ", "1 2 3 4 ", "5 6 7 8 ", "9 "]
    assert [one["at"] for one in audience.told] == [0, 2, 10, 18]
    assert [one["done"] for one in audience.told] == [False, False, False, True]


def test_nobody_is_asked_once_a_second_whether_they_listen(
    audience: Audience, begin: Callable[[], Voice]
) -> None:
    """A call of 20 s in 2,000 pieces tries 20 times."""
    audience.listeners = 0
    said = begin()
    for _ in range(2_000):
        said.say("word ")
        audience.now += 0.010
    said.end()
    assert 19 <= audience.tried <= 22


def test_who_comes_late_hears_the_last_of_it(
    audience: Audience, begin: Callable[[], Voice]
) -> None:
    """Up to 4,000 characters, with the place at which they begin."""
    audience.listeners = 0
    said = begin()
    for _ in range(900):
        said.say("0123456789")
    audience.listeners, audience.now = 1, 2.0
    said.say("!")
    [first] = audience.told
    assert len(first["text"]) == MOST_AT_ONCE
    assert first["at"] + MOST_AT_ONCE == 9_001
    assert first["text"].endswith("9!")


def test_an_endless_answer_is_not_told_endlessly(
    audience: Audience, begin: Callable[[], Voice]
) -> None:
    """What is told of one call is bounded."""
    said = begin()
    for _ in range(100):
        said.say("x" * 1_000)
        audience.now += 1
    said.end()
    assert len(audience.text) <= MOST


def test_silence_is_not_told(audience: Audience, begin: Callable[[], Voice]) -> None:
    """A call that fails before its first word says nothing."""
    begin().end()
    assert audience.tried == 0
