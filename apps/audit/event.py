"""What an event says beside who, what and when: one dataclass a kind, its fields its payload. Pure.

A kind never changes its meaning; a new meaning is a new kind, which is a new class in `events`.
"""

from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

EVENTS: dict[str, type["Event"]] = {}  # by kind; filled as the classes are defined


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all payloads: JSON values only, and never a secret.

    A field that stands at its default is not written, so what is rarely said costs nothing.
    """

    kind: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Keep the class by its kind; one that names none is a base of others."""
        super().__init_subclass__()
        if kind := cls.__dict__.get("kind"):
            if kind in EVENTS:
                raise TypeError(f"There are two events of the kind '{kind}'.")
            EVENTS[kind] = cls

    def payload(self) -> dict[str, Any]:
        """The fields as the log keeps them."""
        return {
            field.name: value
            for field in fields(self)
            for value in (getattr(self, field.name),)
            if field.default is MISSING or value != field.default
        }
