"""Which proposals are alike, and in which round of the queue each stands."""

from decimal import Decimal
from typing import Any

import pytest

from apps.proposals.crowd import ROOM, Alike, likeness, places

FIRST: dict[str, Any] = {"by": "agent:a", "actions": ["set_price"], "rules": ["small"],
                         "amount": Decimal(10), "currency": "EUR", "moved": [2.0],
                         "marked": []}  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"by": "agent:b"},
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
