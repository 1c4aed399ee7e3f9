"""An event nobody but this file knows."""

from dataclasses import dataclass

from apps.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class GiftGiven(Event):
    """A customer got a present."""

    kind = "gift.given"
    customer: str
    worth: str
