"""When somebody is told: at once, together with others, and not while they sleep. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a person wants notices that are not urgent; times of day are those of `zone`.

    `every` None and `daily_at` None: each at once.
    """

    zone: ZoneInfo
    every: timedelta | None = None
    daily_at: time | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None


def when(at: datetime, pace: Pace, *, urgent: bool = False, pierces: bool = False) -> datetime:
    """The moment (UTC) to send what happened `at`.

    What is urgent is not gathered with others, but keeps quiet hours unless it `pierces` them.
    """
    planned = at if urgent else gathered(at, pace)
    return planned if pierces else after_quiet(planned, pace)


def gathered(at: datetime, pace: Pace) -> datetime:
    """The end of the window which `at` falls into: everything of a window is told together."""
    if pace.daily_at is not None:
        return next_time(at, pace.daily_at, pace.zone)
    if pace.every is not None:
        length = pace.every.total_seconds()
        windows = at.timestamp() // length + 1
        return datetime.fromtimestamp(windows * length, UTC)
    return at


def after_quiet(at: datetime, pace: Pace) -> datetime:
    """The end of the quiet hours if `at` falls into them, else `at`."""
    if pace.quiet_from is None or pace.quiet_until is None:
        return at
    clock = at.astimezone(pace.zone).time()
    if not is_between(clock, pace.quiet_from, pace.quiet_until):
        return at
    return quiet_end(at, pace.quiet_until, pace.zone)


def is_between(clock: time, start: time, end: time) -> bool:
    """Whether a time of day lies in [start, end), which may span midnight; equal ends: never."""
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def next_time(at: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """The next moment (UTC) after `at` at which clocks of the zone show this time.

    A time that a change of the clocks leaves out counts as the moment of that change or shortly
    after; one that comes twice counts the first time.
    """
    return next(moment for moment in moments(at, clock, zone) if moment > at)


def quiet_end(at: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """Like `next_time`, but a time that comes twice counts both times.

    Else who is in the second of these hours would hear nothing until a day later.
    """
    first = next_time(at, clock, zone)
    again = moments(at, clock.replace(fold=1), zone)
    seconds = (
        moment for moment in again if moment > at and moment.astimezone(zone).time() == clock
    )
    return min(first, next(seconds, first))


def moments(at: datetime, clock: time, zone: ZoneInfo) -> Iterator[datetime]:
    """When (UTC) clocks of the zone show this time on the day of `at` and the two after it."""
    day = at.astimezone(zone).date()
    days = (day + timedelta(days=number) for number in range(3))
    return (datetime.combine(weekday, clock, zone).astimezone(UTC) for weekday in days)
