"""Figures for eyes that do not contradict what was compared."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.console.presenters.figures import nearest_whole, places, rounded, side
from apps.console.presenters.values import movement


@pytest.mark.parametrize(
    ("value", "beside", "least", "expected"),
    [
        ("5.004", ["5"], 1, 3), ("5.04", ["5"], 1, 2), ("5", ["5"], 1, 1), ("9.996", ["10"], 1, 3),
        ("9.94", ["10"], 1, 1), ("7.123", [], 0, 0), ("5.0000000000001", ["5"], 1, 12),
        ("29.99", ["5", "30"], 1, 2), ("-5.004", ["-5"], 1, 3),
    ],
)  # fmt: skip
def test_as_many_decimals_as_it_takes(
    value: str, beside: list[str], least: int, expected: int
) -> None:
    """And no more; there is an end to it."""
    assert places(Decimal(value), map(Decimal, beside), least) == expected


@given(st.decimals("-100", "100", places=6), st.integers(-100, 100), st.integers(0, 3))
def test_a_figure_stands_where_its_value_does(value: Decimal, limit: int, least: int) -> None:
    """Above, below or at."""
    shown = rounded(value, places(value, [Decimal(limit)], least))
    assert side(shown, Decimal(limit)) == side(value, Decimal(limit))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [("1000", "1050.04", "+5.004 %"), ("1000", "1300.04", "+30.004 %"), ("1000", "950", "−5.0 %"),
     ("1000", "949.96", "−5.004 %"), ("24", "20.75", "−13.5 %"), ("1000", "1000.01", "+0.001 %"),
     ("0.0000000001", "9" * 28, "")],
)  # fmt: skip
def test_a_move_is_not_rounded_to_a_limit(before: str, after: str, words: str) -> None:
    """A whole percentage is only told where it is one; long numbers do no harm."""
    assert movement(before, after).replace("\u00a0", " ") == words
    assert nearest_whole(Decimal("5.004")) == 5
