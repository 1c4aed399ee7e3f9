"""Events of what agents remember, and of examples people label."""

from dataclasses import dataclass

from apps.audit.event import Event
from apps.audit.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class ItemRemembered(Event):
    """An item was kept, about `subject` such as `sku:TEE-1`."""

    kind = Kind.ITEM_REMEMBERED
    type: str
    namespace: str
    subject: str
    version: int


@dataclass(frozen=True, kw_only=True)
class ItemSuperseded(Event):
    """A newer version (its id) took its place."""

    kind = Kind.ITEM_SUPERSEDED
    by: str


@dataclass(frozen=True, kw_only=True)
class ItemForgotten(Event):
    """It is gone."""

    kind = Kind.ITEM_FORGOTTEN
    reason: str


@dataclass(frozen=True, kw_only=True)
class Labelled(Event):
    """An example of what customers write; `language` is a code of ISO 639-1."""

    intent: str
    language: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ExampleAdded(Labelled):
    """Readers learn from it."""

    kind = Kind.EXAMPLE_ADDED


@dataclass(frozen=True, kw_only=True)
class ExampleRemoved(Labelled):
    """They no longer do."""

    kind = Kind.EXAMPLE_REMOVED
