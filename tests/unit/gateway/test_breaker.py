"""The circuits that are stored, and the rules of a token bucket, on a clock that is told."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.breaker import Bucket, Circuit
from apps.gateway.models import Circuit as Stored

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_the_database_knows_the_same_circuits() -> None:
    """What is stored can be read back, and the other way round."""
    assert {one.value for one in Circuit} == set(Stored.values)


def test_a_bucket_gives_what_flows_in() -> None:
    """A new one is full; then two tokens take a fifth of a second at ten a second."""
    bucket = Bucket(rate=10).refill(now=NOW)
    assert bucket.holds(2) == 1
    empty = bucket.take(2)
    assert empty.holds(1) == 0
    assert empty.full_enough(2, now=NOW) == NOW + timedelta(seconds=0.2)
    assert empty.refill(now=NOW + timedelta(seconds=0.2)).holds(2) == 1
    assert empty.refill(now=NOW + timedelta(hours=1)).holds(2) == 1  # no burst after a rest


def test_a_clock_set_back_adds_nothing() -> None:
    """Nor does it take the tokens away."""
    empty = Bucket(rate=10).refill(now=NOW).take(2)
    back = empty.refill(now=NOW - timedelta(hours=1))
    assert (back.tokens, back.refilled_at) == (empty.tokens, NOW)


@given(st.floats(0.5, 500), st.lists(st.tuples(st.integers(0, 400), st.integers(1, 20)),
                                     max_size=80))  # fmt: skip
def test_no_second_sees_more_than_the_rate_and_a_fifth(
    rate: float, asks: list[tuple[int, int]]
) -> None:
    """In any window what passes is bounded by the inflow and what the bucket holds."""
    bucket, at, passed = Bucket(rate=rate), NOW, []
    for milliseconds, wanted in asks:
        at += timedelta(milliseconds=milliseconds)
        bucket = bucket.refill(now=at)
        got = min(wanted, bucket.holds(1))
        bucket = bucket.take(got)
        passed.append((at, got))
    for start, _ in passed:
        window = [n for moment, n in passed if start <= moment < start + SECOND]
        assert sum(window) <= rate + max(rate / 5, Bucket.LEAST) + 1e-6
