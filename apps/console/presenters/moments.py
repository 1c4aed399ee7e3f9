"""The timeline of a proposal: who did what, when, and from where.

What policy, a clock or the gateway did says so by its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.console.presenters.events import Told

PLACES = {
    "console": "in the console",
    "web": "in the console",
    "api": "through the API",
    "mcp": "over MCP",
    "bulk": "together with others",
}
BY_ACTOR = {"key": "through the API"}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """An event and where it came from; `whence` is empty where the words say it already."""

    told: Told
    whence: str


def moments(told: Sequence[Told]) -> list[Moment]:
    """The events in order, each with its place."""
    return [Moment(told=event, whence=whence(event)) for event in told]


def whence(told: Told) -> str:
    """From where somebody acted: what the event recorded, else what its actor says."""
    via = str((told.event.fields or {}).get("via") or "")
    if via:
        return PLACES.get(via, f"via {via}")
    return BY_ACTOR.get(told.event.actor.partition(":")[0], "")
