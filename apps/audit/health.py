"""Which parts are alive, judged from their last signs of life. Pure: no clock, database or broker.

A worker is judged by counting canaries, not by comparing clocks: machines may disagree about the
time, or sleep. Without the broker nobody hears anything, so that says nothing about a worker.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SUSPECT_AFTER = 2  # canaries in a row without an answer; from then on the worker is asked
DEAF_AFTER = 6
FORGOTTEN_AFTER = 180  # a worker that ended without saying so
SILENT_AFTER_SECONDS = 30.0


class Part(StrEnum):
    """What has a heartbeat."""

    BROKER = "broker"
    SWEEPER = "sweeper"
    WORKER = "worker"


class State(StrEnum):
    """How a part is."""

    WELL = "well"
    BUSY = "busy"  # the canary waits behind work that is being done
    DEAF = "deaf"  # it runs, but takes no messages
    SILENT = "silent"  # no sign of life at all
    AWAY = "away"  # the broker does not take messages
    UNKNOWN = "unknown"  # nobody can tell: the broker is away or the sweeper silent


@dataclass(frozen=True, kw_only=True)
class Signs:
    """The signs of life of one part; the fields are those of `models.Pulse`."""

    name: str
    part: str
    since: datetime
    seen_at: datetime | None = None
    busy_at: datetime | None = None
    missed: int = 0
    taken: int | None = None


@dataclass(frozen=True)
class Finding:
    """How one part is, why, and how many seconds ago its last sign of life came."""

    name: str
    state: State
    reason: str
    age: float | None

    @property
    def fine(self) -> bool:
        """Whether nothing need be done."""
        return self.state in (State.WELL, State.BUSY)


@dataclass(frozen=True)
class Health:
    """How all parts are. Without a worker the sweeper does the work, more slowly."""

    broker: Finding
    sweeper: Finding
    workers: tuple[Finding, ...]

    @property
    def fine(self) -> bool:
        """Whether every part works, and there is a worker."""
        parts = (self.broker, self.sweeper, *self.workers)
        return bool(self.workers) and all(part.fine for part in parts)

    def worker(self, name: str) -> Finding | None:
        """What was found about this worker; None if it never said that it was ready."""
        return next((finding for finding in self.workers if finding.name == name), None)


def judge(signs: Iterable[Signs], *, now: datetime) -> Health:
    """How the parts with these signs are at `now`."""
    by_name = {sign.name: sign for sign in signs}
    sweeper = judge_sweeper(by_name.get(Part.SWEEPER), now=now)
    broker = judge_broker(by_name.get(Part.BROKER), sweeper, now=now)
    workers = [
        judge_worker(sign, broker, now=now)
        for _, sign in sorted(by_name.items())
        if sign.part == Part.WORKER
    ]
    return Health(broker, sweeper, tuple(workers))


def judge_sweeper(sign: Signs | None, *, now: datetime) -> Finding:
    """Well if it gets on with its round, busy while one task of it takes long, else silent."""
    name = Part.SWEEPER.value
    if sign is None:
        return Finding(name, State.SILENT, "It has never run.", None)
    moved, beaten = age(sign.seen_at, now), age(sign.busy_at, now)
    if beaten is None or beaten > SILENT_AFTER_SECONDS:
        return Finding(name, State.SILENT, "It shows no sign of life.", moved)
    if moved is None or moved > SILENT_AFTER_SECONDS:
        return Finding(name, State.BUSY, "One task of its round takes long.", moved)
    return Finding(name, State.WELL, "", moved)


def judge_broker(sign: Signs | None, sweeper: Finding, *, now: datetime) -> Finding:
    """Away from the first canary it does not take; unknown if nobody sends any."""
    name = Part.BROKER.value
    if sign is None or sweeper.state is State.SILENT:
        reason = "The sweeper, which sends the canaries, is silent."
        return Finding(name, State.UNKNOWN, reason, age(sign.seen_at, now) if sign else None)
    if sign.missed:
        reason = "The broker does not take messages; the sweeper does the work."
        return Finding(name, State.AWAY, reason, age(sign.seen_at, now))
    return Finding(name, State.WELL, "", age(sign.seen_at, now))


def judge_worker(sign: Signs, broker: Finding, *, now: datetime) -> Finding:
    """Deaf after `DEAF_AFTER` canaries in a row which it neither answered nor was too busy for."""
    seen = age(sign.seen_at, now)
    if broker.state is not State.WELL:
        return Finding(sign.name, State.UNKNOWN, broker.reason, seen)
    if sign.missed >= DEAF_AFTER:
        asked = "does not answer, and" if sign.taken is None else "answers when asked, but"
        reason = f"It {asked} took none of the last {sign.missed} messages sent to it alone."
        return Finding(sign.name, State.DEAF, reason, seen)
    if sign.busy_at is not None:
        return Finding(sign.name, State.BUSY, "All its processes have work.", seen)
    return Finding(sign.name, State.WELL, "", seen)


def age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since; never negative, as clocks of two machines may disagree."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())
