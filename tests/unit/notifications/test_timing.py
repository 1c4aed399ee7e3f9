"""When somebody is told: windows, days and quiet hours, also where clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.notifications.timing import Pace, after_quiet, when

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_at_once_is_at_once():
    """Without anything chosen."""
    assert when(utc("2026-11-21 09:03"), Pace(zone=BERLIN)) == utc("2026-11-21 09:03")


def test_a_window_ends_for_all_at_the_same_moment():
    """What happens within one window is told together, at its end."""
    pace = Pace(zone=BERLIN, every=timedelta(minutes=15))
    told = {when(utc(f"2026-11-21 09:{minute:02}"), pace) for minute in range(15)}
    assert told == {utc("2026-11-21 09:15")}
    assert when(utc("2026-11-21 09:15"), pace) == utc("2026-11-21 09:30")


def test_daily_is_the_next_time_the_clock_shows_it():
    """In the person's zone, today or tomorrow."""
    pace = Pace(zone=BERLIN, daily_at=time(8))
    assert when(utc("2026-11-21 06:59"), pace) == utc("2026-11-21 07:00")
    assert when(utc("2026-11-21 07:00"), pace) == utc("2026-11-22 07:00")


@pytest.mark.parametrize(("at", "told"), [
    ("2026-11-21 20:59", "2026-11-21 20:59"),  # 21:59 in Berlin
    ("2026-11-21 21:00", "2026-11-22 06:00"),
    ("2026-11-22 05:59", "2026-11-22 06:00"),
    ("2026-11-22 06:00", "2026-11-22 06:00"),
])  # fmt: skip
def test_nothing_comes_in_quiet_hours(at, told):
    """Across midnight, the end excluded."""
    assert after_quiet(utc(at), Pace(zone=BERLIN, **NIGHT)) == utc(told)


def test_what_is_urgent_waits_for_the_morning_unless_it_pierces():
    """Urgent only means: not gathered with others."""
    pace = Pace(zone=BERLIN, every=timedelta(hours=1), **NIGHT)
    night = utc("2026-11-21 23:10")
    assert when(night, pace, urgent=True) == utc("2026-11-22 06:00")
    assert when(night, pace, urgent=True, pierces=True) == night


@pytest.mark.parametrize(("at", "clock", "told"), [
    ("2026-03-28 12:00", time(8), "2026-03-29 06:00"),  # clocks went forward in the night
    ("2026-10-24 12:00", time(8), "2026-10-25 07:00"),  # and back
    ("2026-03-29 00:00", time(2, 30), "2026-03-29 01:30"),  # a time that is left out that day
    ("2026-10-24 23:00", time(2, 30), "2026-10-25 00:30"),  # one that comes twice: the first
])  # fmt: skip
def test_a_change_of_the_clocks(at, clock, told):
    """A day of 23 or 25 hours neither loses nor doubles a message."""
    assert when(utc(at), Pace(zone=BERLIN, daily_at=clock)) == utc(told)


def test_quiet_hours_end_both_times_an_hour_comes_twice():
    """Until 02:30, in the night clocks go back: nobody waits a whole day for their end."""
    pace = Pace(zone=BERLIN, quiet_from=time(22), quiet_until=time(2, 30))
    first, second = utc("2026-10-25 00:30"), utc("2026-10-25 01:30")
    assert after_quiet(utc("2026-10-25 00:10"), pace) == first  # 02:10, summer time
    assert after_quiet(utc("2026-10-25 01:10"), pace) == second  # 02:10 again, winter time
    assert after_quiet(second, pace) == second
    forward = after_quiet(utc("2026-03-29 00:10"), pace)  # 01:10; there is no 02:30 that night
    assert utc("2026-03-29 01:00") <= forward <= utc("2026-03-29 01:30")


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu",
                         "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"])  # fmt: skip


@given(at=MOMENTS, zone=ZONES, start=CLOCKS, end=CLOCKS)
def test_quiet_hours_are_no_longer_than_they_are(at, zone, start, end):
    """Their length, and what a change of the clocks adds to it; never a day on top."""
    told = after_quiet(at, Pace(zone=ZoneInfo(zone), quiet_from=start, quiet_until=end))
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    assert told - at <= timedelta(minutes=minutes % 1440) + timedelta(hours=2)


@given(at=MOMENTS, zone=ZONES, start=CLOCKS, end=CLOCKS,
       every=st.none() | st.integers(1, 1440), daily=st.none() | CLOCKS)  # fmt: skip
def test_nothing_is_told_early_twice_postponed_or_in_the_quiet(at, zone, start, end, every, daily):
    """Always later or now, within two days, and outside the quiet hours."""
    pace = Pace(zone=ZoneInfo(zone), quiet_from=start, quiet_until=end, daily_at=daily,
                every=timedelta(minutes=every) if every else None)  # fmt: skip
    told = when(at, pace)
    assert at <= told <= at + timedelta(hours=75)
    clock = told.astimezone(pace.zone).time()
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    assert not inside or end == clock or after_quiet(told, pace) == told
