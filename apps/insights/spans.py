"""Cutting a period into days that are over, hours that are over, and the rest. Pure; all UTC."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# After so long nothing is written any more that happened before: calls to models are over or
# given up, transactions are committed
SETTLING = timedelta(hours=1)
LONGEST = 366  # days of a period


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days in UTC, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days right before."""
        return Period(first=self.first - self.days * DAY, last=self.first - DAY)

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + DAY)

    def dates(self) -> list[date]:
        """Its days in order."""
        return [self.first + number * DAY for number in range(self.days)]


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of time, the end excluded."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since


def midnight(day: date) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time.min, UTC)


def cut(period: Period, *, now: datetime) -> tuple[list[Span], Span | None]:
    """The days and hours of the period that are over for good, in order, and what comes after.

    Days first; hours only of the day that is not over. None if all of it is over.
    """
    closed: list[Span] = []
    start = period.since
    for step in (DAY, HOUR):
        while start + step <= period.until and start + step + SETTLING <= now:
            closed.append(Span(start, start + step))
            start += step
    return closed, Span(start, period.until) if start < period.until else None


def runs_of(spans: list[Span], *, most: int) -> list[list[Span]]:
    """Neighbours of equal length together, at most so many, the newest first."""
    runs: list[list[Span]] = []
    for span in sorted(spans, reverse=True):
        last = runs[-1][0] if runs else None
        if (
            last
            and last.since == span.until
            and last.length == span.length
            and len(runs[-1]) < most
        ):
            runs[-1].insert(0, span)
        else:
            runs.append([span])
    return runs
