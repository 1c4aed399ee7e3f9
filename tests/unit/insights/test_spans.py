"""Cutting a period into what is over and what is not."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.insights.spans import DAY, HOUR, SETTLING, Period, Span, cut, runs_of

days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


@given(days, st.integers(1, 120), moments)
def test_the_pieces_make_up_the_period(first, length, now):
    """No gap, no overlap, and only what has been over for a while counts as over."""
    period = Period(first=first, last=first + timedelta(days=length - 1))
    closed, rest = cut(period, now=now)
    pieces = [*closed, *([rest] if rest else [])]
    assert pieces[0].since == period.since
    assert pieces[-1].until == period.until
    assert all(a.until == b.since for a, b in pairwise(pieces))
    assert all(piece.until + SETTLING <= now for piece in closed)
    assert {piece.length for piece in closed} <= {DAY, HOUR}
    assert sum(piece.length == HOUR for piece in closed) < 25


def test_the_period_before_is_as_long_and_ends_where_it_begins():
    """Thirty days are compared with the thirty before."""
    period = Period(first=date(2026, 3, 1), last=date(2026, 3, 30))
    assert period.before == Period(first=date(2026, 1, 30), last=date(2026, 2, 28))
    assert period.before.until == period.since
    assert period.days == period.before.days == 30


def test_neighbours_are_counted_together():
    """The newest first; a gap or another length begins anew."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    spans = [Span(start + n * DAY, start + (n + 1) * DAY) for n in (0, 1, 2, 4)]
    hour = Span(start + 5 * DAY, start + 5 * DAY + HOUR)
    assert runs_of([*spans, hour], most=2) == [[hour], [spans[3]], spans[1:3], [spans[0]]]
