"""The rules of a breaker, on a clock that is told."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.breaker.circuit import Breaker, Circuit, Limits

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LIMITS = Limits()
SECOND = timedelta(seconds=1)


def failed(times: int, now: datetime = NOW) -> Breaker:
    """A breaker after so many failures in a row."""
    state = Breaker()
    for _ in range(times):
        state = state.fail(now=now, limits=LIMITS)
    return state


def test_the_fifth_failure_in_a_row_opens() -> None:
    """Four do not; a success in between starts the count anew."""
    assert failed(4).circuit is Circuit.CLOSED
    assert failed(5).circuit is Circuit.OPEN
    assert failed(4).succeed().fail(now=NOW, limits=LIMITS).failures == 1


def test_in_order_everything_passes() -> None:
    """Nothing is counted, nothing changes."""
    assert Breaker().admit(50, now=NOW, limits=LIMITS) == (Breaker(), 50)


def test_after_a_failure_calls_go_one_at_a_time() -> None:
    """The second has to wait until the first has told how it went, or is lost."""
    trying, passed = failed(1).admit(50, now=NOW, limits=LIMITS)
    assert passed == 1
    assert trying.admit(50, now=NOW + SECOND, limits=LIMITS)[1] == 0
    assert trying.refused_until(now=NOW) == NOW + SECOND
    assert trying.admit(50, now=NOW + LIMITS.trial, limits=LIMITS)[1] == 1
    assert trying.succeed().admit(50, now=NOW + SECOND, limits=LIMITS)[1] == 50
    again = trying.fail(now=NOW + SECOND, limits=LIMITS)
    assert again.admit(50, now=NOW + SECOND, limits=LIMITS)[1] == 1


def test_open_lets_nothing_pass_before_its_interval_is_over() -> None:
    """Then exactly one call, then none until it has failed or an interval has passed."""
    state = failed(5)
    assert state.admit(9, now=NOW + LIMITS.first - SECOND, limits=LIMITS) == (state, 0)
    assert state.refused_until(now=NOW) == NOW + LIMITS.first
    probing, passed = state.admit(9, now=NOW + LIMITS.first, limits=LIMITS)
    assert (probing.circuit, passed) == (Circuit.HALF_OPEN, 1)
    assert probing.admit(9, now=NOW + LIMITS.first + SECOND, limits=LIMITS)[1] == 0
    assert probing.admit(9, now=NOW + 2 * LIMITS.first, limits=LIMITS)[1] == 1  # the first is lost


def test_the_interval_doubles_up_to_the_longest() -> None:
    """5, 10, 20, ... seconds, never more than five minutes."""
    state, at, waits = failed(5), NOW, []
    for _ in range(9):
        assert state.probe_at is not None
        waits.append((state.probe_at - at).total_seconds())
        at = state.probe_at
        state = state.admit(1, now=at, limits=LIMITS)[0].fail(now=at, limits=LIMITS)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert state.opened_at == NOW


def test_a_probe_that_succeeds_closes() -> None:
    """Everything passes again, and the next opening starts with the short interval."""
    state = failed(5).admit(1, now=NOW + LIMITS.first, limits=LIMITS)[0]
    assert state.succeed() == Breaker()


def test_late_answers_to_calls_from_before_it_opened_change_nothing() -> None:
    """Neither a success nor a failure of theirs is a probe's."""
    state = failed(5)
    assert state.succeed() == state
    assert state.fail(now=NOW + SECOND, limits=LIMITS) == state


@given(st.lists(st.tuples(st.sampled_from(["ask", "fail", "succeed"]),
                          st.integers(0, 20)), max_size=60))  # fmt: skip
def test_at_most_one_probe_passes_per_interval(moves: list[tuple[str, int]]) -> None:
    """Whatever the workers do in whatever order, while no success is seen."""
    state, at, last = failed(5), NOW, NOW
    for move, seconds in moves:
        at += seconds * SECOND
        if move == "succeed" and state.circuit is Circuit.HALF_OPEN:
            return
        if move == "ask":
            after, passed = state.admit(3, now=at, limits=LIMITS)
            assert passed <= 1
            if passed:
                assert at - last >= LIMITS.first
                last = at
            state = after
        elif move == "fail":
            state = state.fail(now=at, limits=LIMITS)
        else:
            state = state.succeed()


def test_without_a_trial_calls_go_on_side_by_side() -> None:
    """A model thinks for half a minute: one failure must not stop everybody else's questions."""
    limits = Limits(trial=timedelta(0))
    state = failed(4)
    for _ in range(3):
        state, passed = state.admit(1, now=NOW, limits=limits)
        assert passed == 1
