"""Events of what holds things back."""

from dataclasses import dataclass
from typing import Any

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Switched(Event):
    """A kill switch: what it stops, and why."""

    scope: str
    target: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SwitchEngaged(Switched):
    """Nothing of that is begun any more."""

    kind = Kind.SWITCH_ENGAGED


@dataclass(frozen=True, kw_only=True)
class SwitchReleased(Switched):
    """It goes on."""

    kind = Kind.SWITCH_RELEASED


@dataclass(frozen=True, kw_only=True)
class BreakerOpened(Event):
    """A back end or model is not called for now, after so many failures in a row."""

    kind = Kind.BREAKER_OPENED
    name: str
    failures: int
    error: str


@dataclass(frozen=True, kw_only=True)
class BreakerClosed(Event):
    """It is called again."""

    kind = Kind.BREAKER_CLOSED
    name: str


@dataclass(frozen=True, kw_only=True)
class ActionChanged(Event):
    """How a kind of action is handled here."""

    kind = Kind.ACTION_CHANGED
    action: str
    before: dict[str, Any]
    after: dict[str, Any]
