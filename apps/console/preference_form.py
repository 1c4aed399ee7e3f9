"""Reading what a person chose to be told from the form of the page, and writing it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any
from uuid import UUID

from django.http import QueryDict

from apps.notifications.models import Preference
from apps.notifications.operations import Wish

LABELS = {
    "kinds": "What you are told",
    "minimum_risk": "From which risk on",
    "rhythm": "How often",
    "every_minutes": "Minutes",
    "daily_at": "Time of day",
    "quiet_from": "Quiet from",
    "quiet_until": "Quiet until",
    "time_zone": "Time zone",
    "channels": "Where",
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the form holds: texts as they were typed, and which boxes are ticked."""

    kinds: Sequence[str]
    channels: Sequence[str]
    texts: Mapping[str, str]
    ticked: frozenset[str]


TEXTS = ("minimum_risk", "rhythm", "every_minutes", "daily_at", "quiet_from", "quiet_until",
         "time_zone")  # fmt: skip
BOXES = ("by_mail", "decidable_only", "escalations", "pierces")


def shown_of(preference: Preference, channel_ids: Sequence[UUID]) -> Shown:
    """The form for what is kept."""
    values: dict[str, Any] = {name: getattr(preference, name) for name in TEXTS}
    return Shown(
        kinds=list(preference.kinds),
        channels=[str(pk) for pk in channel_ids],
        texts={name: written(value) for name, value in values.items()},
        ticked=frozenset(name for name in BOXES if getattr(preference, name)),
    )


def written(value: Any) -> str:
    """A value as an input holds it."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return "" if value is None else str(value)


def shown_again(posted: QueryDict) -> Shown:
    """The form as it was sent, so that nothing has to be typed twice."""
    return Shown(
        kinds=posted.getlist("kinds"),
        channels=posted.getlist("channels"),
        texts={name: posted.get(name, "").strip() for name in TEXTS},
        ticked=frozenset(name for name in BOXES if posted.get(name)),
    )


def read(posted: QueryDict) -> Wish:
    """The wish a form holds; what cannot be read is among its `problems`."""
    shown, problems = shown_again(posted), list[dict[str, str]]()

    def clock(name: str) -> time | None:
        text = shown.texts[name]
        if not text:
            return None
        try:
            found = time.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo:  # the zone has a field of its own
            advice = "Write a time of day like 08:30."
            problems.append({"field": name, "problem": advice})
            return None
        return found

    daily_at, quiet_from, quiet_until = map(clock, ("daily_at", "quiet_from", "quiet_until"))
    return Wish(
        kinds=shown.kinds,
        by_mail="by_mail" in shown.ticked,
        channel_ids=ids(shown.channels, problems),
        minimum_risk=shown.texts["minimum_risk"],
        decidable_only="decidable_only" in shown.ticked,
        rhythm=shown.texts["rhythm"],
        every_minutes=number(shown.texts["every_minutes"]),
        daily_at=daily_at or time(8, 0),
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        time_zone=shown.texts["time_zone"],
        escalations="escalations" in shown.ticked,
        pierces="pierces" in shown.ticked,
        problems=problems,
    )


def number(text: str) -> int:
    """A number of minutes; 0, which nobody may choose, for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def ids(texts: Sequence[str], problems: list[dict[str, str]]) -> list[UUID]:
    """The channels that were chosen; what is no id is a problem."""
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        problems.append({"field": "channels", "problem": "Choose among the channels shown."})
        return []
