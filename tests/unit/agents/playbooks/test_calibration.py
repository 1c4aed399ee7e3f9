"""How often readers were right, and when that says anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.playbooks.calibration import (
    RULES,
    Tally,
    both,
    measure,
    own_words,
    read_by,
    wilson,
)


@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    [(0, 0, 0.0, 1.0), (20, 20, 0.839, 1.0), (0, 20, 0.0, 0.161), (8, 10, 0.490, 0.943),
     (95, 100, 0.888, 0.978)],
)  # fmt: skip
def test_the_interval_is_wilsons(right: int, judged: int, low: float, high: float) -> None:
    """Figures from the published formula."""
    assert wilson(right, judged) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_an_interval_holds_its_share(judged: int, share: float) -> None:
    """And never leaves 0 to 1."""
    right = round(judged * share)
    low, high = wilson(right, judged)
    assert 0 <= low <= right / judged + 1e-9
    assert right / judged - 1e-9 <= high <= 1


def test_fewer_than_twenty_say_nothing() -> None:
    """And it says so."""
    few, enough = Tally(judged=19, right=19), Tally(judged=20, right=20)
    assert not few.is_enough
    assert few.in_words() == "Too few judged yet: 19 of the 20 that are needed."
    assert enough.is_enough
    assert "20 of 20 were approved as they were: between 84% and 100%" in enough.in_words()


def test_only_nine_in_ten_for_sure_is_proven() -> None:
    """Not nine in ten by luck."""
    assert not Tally(judged=20, right=20).is_proven
    assert Tally(judged=40, right=40).is_proven
    assert not Tally(judged=100, right=93).is_proven


def test_who_is_better_is_so_for_sure() -> None:
    """Overlapping intervals, or too few of one, decide nothing."""
    good, poor = Tally(judged=100, right=99), Tally(judged=100, right=70)
    assert good.beats(poor)
    assert not poor.beats(good)
    assert not good.beats(Tally(judged=100, right=95))
    assert not good.beats(Tally(judged=5, right=0))
    assert not Tally(judged=5, right=5).beats(poor)


def test_what_rules_planned_alone_counts_for_the_rules() -> None:
    """By intent."""
    found = measure([({"intent": "late"}, True), ({"intent": "late"}, False), ({}, True)])
    assert found.of(RULES, "late") == Tally(judged=2, right=1)
    assert found.of(RULES, "") == Tally(judged=1, right=1)
    assert found.of(RULES, "damaged") == Tally()


def test_of_two_minds_the_followed_one_is_judged_and_the_other_where_it_can_be() -> None:
    """What was approved was right, so who read otherwise was wrong; what was rejected may be
    either way for who was not followed."""
    case = {"intent": "damaged", "read": read_by("rules", name="m", rules="damaged", model="late")}
    approved, rejected = measure([(case, True)]), measure([(case, False)])
    assert approved.of(RULES, "damaged") == Tally(judged=1, right=1)
    assert approved.of("m", "late") == Tally(judged=1, right=0)
    assert rejected.of(RULES, "damaged") == Tally(judged=1, right=0)
    assert rejected.of("m", "late") == Tally()


def test_agreement_and_own_words_are_counted_apart() -> None:
    """Each says something else."""
    agreed = {"intent": "late", "read": read_by("both", name="m", rules="late", model="late")}
    own = {"intent": "late", "read": read_by("model", name="m", rules="other", model="late")}
    found = measure([(agreed, True), (own, False)])
    assert found.of(both("m"), "late") == Tally(judged=1, right=1)
    assert found.of(own_words("m"), "late") == Tally(judged=1, right=0)
    assert found.of("m", "late") == Tally(judged=2, right=1)
    assert found.of(RULES, "late") == Tally(judged=1, right=1)


def test_a_model_that_read_nothing_is_not_judged() -> None:
    """It has followed the rules."""
    case = {"intent": "late", "read": read_by("rules", name="m", rules="late", model=None)}
    assert dict(measure([(case, True)]).tallies) == {(RULES, "late"): Tally(judged=1, right=1)}


@pytest.mark.parametrize("case", [{"read": None}, {"read": "m"}, {"read": []}, {"intent": None}])
def test_odd_cases_count_for_the_rules(case: dict[str, object]) -> None:
    """Integrators write what they like into a case."""
    assert measure([(case, True)]).of(RULES, "") == Tally(judged=1, right=1)
