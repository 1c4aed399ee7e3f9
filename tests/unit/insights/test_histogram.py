"""Percentiles from buckets, and how sure a share is."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.insights.histogram import bucket_of, middle_of, percentile, share

durations = st.lists(st.floats(min_value=1, max_value=1e9), min_size=1, max_size=200)


@given(durations, st.sampled_from([0.05, 0.5, 0.95, 1.0]))
def test_a_percentile_is_off_by_half_a_bucket_at_most(values, q):
    """Compared with the nearest rank of the values themselves."""
    found = percentile(Counter(map(bucket_of, values)), q)
    exact = sorted(values)[math.ceil(len(values) * q) - 1]
    assert found.ms == pytest.approx(exact, rel=0.0251)
    assert found.low <= found.ms <= found.high
    assert found.n == len(values)


@given(st.floats(min_value=1, max_value=1e10))
def test_a_bucket_stands_for_its_middle(ms):
    """A value and the middle of its bucket differ by 2.5 % at most."""
    assert middle_of(bucket_of(ms)) == pytest.approx(ms, rel=0.0251)


@pytest.mark.parametrize(
    ("part", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (95, 100, 0.8882, 0.9785),
    ],
)
def test_wilsons_interval(part, n, low, high):
    """As published tables have it."""
    found = share(part, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_within_its_interval(part, rest):
    """Also at 0 and at 1, and of nothing."""
    found = share(part, part + rest)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1 + 2e-12


def test_few_cases_are_told_as_such():
    """Below twenty a share or a percentile misleads."""
    assert share(19, 19).too_few
    assert not share(20, 20).too_few
    assert percentile({3: 19}, 0.5).too_few
    assert percentile({}, 0.5).ms is None
