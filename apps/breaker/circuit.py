"""When something that fails is left alone: a back end, or an endpoint of models. Pure.

A breaker (Nygard, Release It!) opens after so many failures in a row, stays open for an interval
that doubles with every probe that fails, and lets one call pass per interval; a success closes
it. While failures are counted but it has not opened, calls go one at a time, each on trial for
`Limits.trial`: five failures mean five calls, however many workers there are. Without a trial
(zero) they go on side by side.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

MOMENT = timedelta(seconds=1)  # before a call that is on trial elsewhere is asked about again


class Circuit(StrEnum):
    """Where a breaker stands; the values are those the database keeps."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a breaker bears. `first` and `longest` bound the interval; `trial` is how long a
    single call that is on trial may take before it counts as lost."""

    failures: int = 5
    first: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=5)
    trial: timedelta = timedelta(seconds=60)

    def interval(self, failures: int) -> timedelta:
        """How long to leave the back end alone after so many failures in a row."""
        doublings = min(max(failures - self.failures, 0), 30)
        return min(self.first * (1 << doublings), self.longest)


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """The state of one breaker. `probe_at` is when the next single call may pass."""

    circuit: Circuit = Circuit.CLOSED
    failures: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None

    @property
    def calm(self) -> bool:
        """Whether nothing is wrong: everything passes and a success need not be noted."""
        return self.circuit is Circuit.CLOSED and self.failures == 0

    @property
    def away(self) -> bool:
        """Whether the back end counts as not answering."""
        return self.circuit is not Circuit.CLOSED

    def admit(self, wanted: int, *, now: datetime, limits: Limits) -> tuple["Breaker", int]:
        """How many of `wanted` calls may pass now, and the breaker after that."""
        if self.calm or wanted < 1:
            return self, max(wanted, 0)
        if self.probe_at is not None and now < self.probe_at:
            return self, 0
        if self.circuit is Circuit.CLOSED:
            return replace(self, probe_at=now + limits.trial), 1
        interval = limits.interval(self.failures)
        return replace(self, circuit=Circuit.HALF_OPEN, probe_at=now + interval), 1

    def refused_until(self, *, now: datetime) -> datetime:
        """When to ask again after a refusal."""
        if self.away and self.probe_at is not None:
            return max(self.probe_at, now)
        return now + MOMENT

    def fail(self, *, now: datetime, limits: Limits) -> "Breaker":
        """After a call that got no usable answer; one that began before it opened says no more."""
        if self.circuit is Circuit.OPEN:
            return self
        failures = self.failures + 1
        if self.circuit is Circuit.CLOSED and failures < limits.failures:
            return replace(self, failures=failures, probe_at=None)
        return Breaker(
            circuit=Circuit.OPEN,
            failures=failures,
            opened_at=self.opened_at or now,
            probe_at=now + limits.interval(failures),
        )

    def succeed(self) -> "Breaker":
        """After an answer, be it a refusal; one to a call from before it opened says no more."""
        return self if self.circuit is Circuit.OPEN else Breaker()
