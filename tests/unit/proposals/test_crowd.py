"""Which proposals are alike, and in which round of the queue each stands."""

from decimal import Decimal
from typing import Any

import pytest

from apps.proposals.crowd import BROAD, ROOM, Alike, kin_of, likeness, places

FIRST: dict[str, Any] = {"by": "agent:a", "risk": "low", "actions": ["set_price"], "rules": ["small"],
                         "amount": Decimal(10), "currency": "EUR", "moved": [2.0],
                         "marked": []}  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"by": "agent:b"},
        {"risk": "high"},
        {"actions": ["refund_payment"]},
        {"rules": ["large"]},
        {"amount": Decimal(40)},
        {"amount": Decimal(-10)},
        {"amount": None},
        {"currency": "USD"},
        {"moved": [30.0]},
        {"moved": [-2.0]},
        {"marked": ["urgency"]},
    ],
)
def test_what_differs_in_something_is_of_another_kind(other: dict[str, Any]) -> None:
    """Each of these makes it the odd one."""
    assert likeness(**FIRST) != likeness(**FIRST | other)


def test_a_little_more_is_the_same_kind() -> None:
    """Changing an amount by a cent makes none odd."""
    assert likeness(**FIRST) == likeness(**FIRST | {"amount": Decimal("10.01"), "moved": [2.1]})


def test_each_round_holds_so_many_of_a_kind() -> None:
    """The odd one is in the first round, however many came before it."""
    rounds = places(["a"] * 50 + ["odd"], {})
    assert rounds == [0] * ROOM + [1] * ROOM + [2] * 10 + [0]


def test_a_newcomer_stands_behind_its_kind() -> None:
    """Also where those of the rounds before it are decided by now."""
    assert places(["a"], {"a": Alike(waiting=3, last=1)}) == [1]
    assert places(["a"], {"a": Alike(waiting=ROOM, last=0)}) == [1]


@pytest.mark.parametrize(
    ("other", "same"),
    [({"amount": Decimal(4000)}, True), ({"currency": "USD"}, True), ({"rules": ["large"]}, True),
     ({"marked": ["urgency"]}, True), ({"moved": [80.0]}, True), ({"by": "agent:b"}, False),
     ({"risk": "high"}, False), ({"actions": ["refund_payment"]}, False)],
)  # fmt: skip
def test_kin_are_those_of_one_proposer_action_and_risk(other: dict[str, Any], same: bool) -> None:
    """Whatever their size, currency, rule and marks."""
    assert (kin_of(likeness(**FIRST)) == kin_of(likeness(**FIRST | other))) == same


def kinds_of(kin: str, many: int) -> list[str]:
    """Different kinds of one kin."""
    return [f"{kin:8}{number:08x}" for number in range(many)]


def test_a_flood_of_many_kinds_is_one_flood() -> None:
    """Of 1,200 over 30 kinds no more than so many stand in a round, and no kin is pushed back."""
    rounds = places([*kinds_of("flood", 30) * 40, "other"], {})
    for number in range(max(rounds)):
        assert rounds.count(number) <= BROAD + ROOM
    assert rounds[-1] == 0


def test_an_endless_row_of_kinds_is_a_flood_too() -> None:
    """Where each is the first of its kind only so many of them come first."""
    rounds = places(kinds_of("flood", 100), {})
    assert rounds == [number // ROOM for number in range(100)]


def test_the_odd_one_of_a_spread_flood_comes_before_most_of_it() -> None:
    """As the first of a kind behind 30 others, not behind 1,200."""
    rounds = places([*kinds_of("flood", 30) * 40, "flood   odd"], {})
    assert sum(number <= rounds[-1] for number in rounds[:-1]) < 200
