"""Events of effects in the outside world."""

from dataclasses import dataclass

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class OfExecution(Event):
    """What all of them say: the action, the id of its change and the idempotency key."""

    action: str
    change: str
    key: str


@dataclass(frozen=True, kw_only=True)
class ExecutionDue(OfExecution):
    """Queued against `target` with a grant (its id), not to be called before then (ISO 8601)."""

    kind = Kind.EXECUTION_DUE
    target: str
    grant: str
    not_before: str


@dataclass(frozen=True, kw_only=True)
class ExecutionStarted(OfExecution):
    """The back end is called; `request` is the SHA-256 of what is sent."""

    kind = Kind.EXECUTION_STARTED
    attempt: int
    request: str


@dataclass(frozen=True, kw_only=True)
class Attempted(OfExecution):
    """How an attempt ended: the execution's state, the back end's reference, what went wrong.

    `answer` is the SHA-256 of the proof, where there is one.
    """

    outcome: str
    attempt: int
    reference: str
    error: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class ExecutionFinished(Attempted):
    """Proven done or refused, or nobody can prove it and a person has to look."""

    kind = Kind.EXECUTION_FINISHED


@dataclass(frozen=True, kw_only=True)
class ExecutionUnknown(Attempted):
    """Nobody knows yet whether it happened; it is read back."""

    kind = Kind.EXECUTION_UNKNOWN


@dataclass(frozen=True, kw_only=True)
class ExecutionStale(Attempted):
    """Not called: the target is no longer as it was approved."""

    kind = Kind.EXECUTION_STALE


@dataclass(frozen=True, kw_only=True)
class ExecutionParked(Attempted):
    """Set aside after too many deliveries."""

    kind = Kind.EXECUTION_PARKED


@dataclass(frozen=True, kw_only=True)
class ExecutionStepped(OfExecution):
    """A step of an action that takes several: it stands (`reference`), `failed`, is `undone`, or
    those before it are undone because (`turned`)."""

    kind = Kind.EXECUTION_STEPPED
    step: str
    reference: str | None = None
    failed: str | None = None
    turned: str | None = None
    undone: bool | str | None = None


@dataclass(frozen=True, kw_only=True)
class ExecutionCancelled(OfExecution):
    """Taken back before it was called."""

    kind = Kind.EXECUTION_CANCELLED
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExecutionCompensated(OfExecution):
    """Made up for by the execution `compensation` (its id, and the back end's reference)."""

    kind = Kind.EXECUTION_COMPENSATED
    compensation: str
    reference: str
