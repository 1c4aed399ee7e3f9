"""Figures in words."""

import pytest

from apps.console.presenters import dashboards_words as words
from apps.insights.histogram import percentile, share


@pytest.mark.parametrize(
    ("ms", "said"),
    [(None, "–"), (0.4, "0 ms"), (850, "850 ms"), (4_200, "4.2 s"), (38_000, "38 s"),
     (840_000, "14 min"), (11_400_000, "3 h 10 min"), (7_200_000, "2 h"),
     (187_200_000, "2 d 4 h"), (7_199_000, "2 h")],
)  # fmt: skip
def test_durations_are_said_as_people_say_them(ms, said):
    """In at most two units, and never 1 h 60 min."""
    assert words.duration(ms) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [(None, "–"), (0, "$0.00"), (0.00002, "under $0.0001"), (0.0123, "$0.0123"),
     (1234.5, "$1,234.50")],
)  # fmt: skip
def test_small_money_keeps_its_digits(amount, said):
    """Model calls cost fractions of a cent."""
    assert words.dollars(amount) == said


def test_a_share_of_few_cases_is_not_shown():
    """Neither is its interval, nor how it moved."""
    few, many = share(19, 19), share(30, 40)
    assert words.shared(few) == "too few"
    assert words.between(few) == ""
    assert words.moved_share(few, many) == ""
    assert words.moved_share(many, few) == "before: too few (n = 19)"
    assert words.shared(share(0, 0)) == "–"


def test_changes_are_told_with_sign_and_word():
    """Never by a colour alone."""
    assert words.moved_share(share(30, 40), share(20, 40)) == "+25.0 points, up from 50.0\u00a0%"
    assert words.moved_share(share(20, 40), share(30, 40)) == "−25.0 points, down from 75.0\u00a0%"
    assert words.moved_share(share(20, 40), share(10, 20)) == "unchanged from 50.0\u00a0%"
    assert words.moved_amount(12, 10, said="10") == "+20 %, up from 10"
    assert words.moved_amount(3, 0, said="0") == "up from 0"
    assert words.moved_amount(0, 0, said="0") == "unchanged from 0"
    assert words.moved_money(0.5, 1.0) == "−50 %, down from $1.00"


def test_times_move_by_more_than_a_bucket_can_blur():
    """A difference of one bucket is none."""
    slow, quick = percentile({200: 30}, 0.5), percentile({180: 30}, 0.5)
    assert words.moved_time(slow, quick).startswith("+165 %, longer than before")
    assert words.moved_time(quick, slow).startswith("−62 %, shorter than before")
    assert words.moved_time(slow, slow).startswith("about the same as before")
