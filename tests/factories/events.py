"""Events with any content, as another release or a forger writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.audit import operations
from apps.audit.event import Event
from apps.audit.operations import Fact


@dataclass(frozen=True, kw_only=True)
class Loose(Event):
    """An event of any kind with any fields."""

    of_kind: str
    content: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The kind is the instance's, not the class's."""
        object.__setattr__(self, "kind", self.of_kind)

    def payload(self) -> dict[str, Any]:
        """The fields as they were given."""
        return dict(self.content)


def fact(*, kind: str, fields: Mapping[str, Any] | None = None, **about: Any) -> Fact:
    """An event to be recorded."""
    return Fact(event=Loose(of_kind=kind, content=fields or {}), **about)


def record(*, kind: str, now: datetime, **about: Any) -> None:
    """Record one."""
    operations.record_all([fact(kind=kind, **about)], now=now)
