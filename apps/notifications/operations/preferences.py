"""What a member wants to be told, how and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.notifications.models import CHOOSABLE, Channel, Preference, Rhythm
from apps.proposals.models import Risk

MOST_MINUTES = 1440  # of a digest: a day


class InvalidPreference(ValueError):
    """Something cannot be chosen like this; `errors` are {field, problem} each."""

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        super().__init__("Some of this cannot be kept as it is.")
        self.errors = list(errors)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person chose; times of day in `time_zone`, an IANA name."""

    kinds: Sequence[str]
    by_mail: bool
    channel_ids: Sequence[UUID] = ()
    minimum_risk: str = Risk.LOW
    decidable_only: bool = True
    rhythm: str = Rhythm.MINUTES
    every_minutes: int = 5
    daily_at: time = time(8, 0)
    quiet_from: time | None = None
    quiet_until: time | None = None
    time_zone: str = "UTC"
    escalations: bool = True
    pierces: bool = False
    problems: Sequence[Mapping[str, str]] = field(default_factory=tuple)  # found while reading it


@transaction.atomic
def set_preference(*, user: User, workspace: Workspace, wish: Wish, now: datetime) -> Preference:
    """Keep what the person chose: from the next event on. A taste, so nothing is recorded.

    Raises `InvalidPreference`, and nothing is written.
    """
    channels = list(Channel.objects.filter(workspace=workspace, pk__in=wish.channel_ids))
    errors = [*wish.problems, *problems(wish)]
    if len(channels) < len(set(wish.channel_ids)):
        gone = "One of the channels is not there any more. Choose among those shown."
        errors.append({"field": "channels", "problem": gone})
    if errors:
        raise InvalidPreference(errors)
    preference, _ = Preference.objects.update_or_create(
        user=user, workspace=workspace, defaults={**columns(wish), "changed_at": now}
    )
    preference.channels.set(channels)
    return preference


def columns(wish: Wish) -> dict[str, Any]:
    """The wish as the columns of its row."""
    return {
        "kinds": list(wish.kinds),
        "by_mail": wish.by_mail,
        "minimum_risk": wish.minimum_risk,
        "decidable_only": wish.decidable_only,
        "rhythm": wish.rhythm,
        "every_minutes": wish.every_minutes,
        "daily_at": wish.daily_at,
        "quiet_from": wish.quiet_from,
        "quiet_until": wish.quiet_until,
        "time_zone": wish.time_zone,
        "escalations": wish.escalations,
        "pierces": wish.pierces,
    }


def problems(wish: Wish) -> list[dict[str, str]]:
    """What is wrong with a wish, field by field, and what to do."""
    known = {kind.value for kind in CHOOSABLE}
    quiet = (wish.quiet_from, wish.quiet_until)
    checks = (
        ("kinds", set(wish.kinds) <= known, "Choose among the kinds shown."),
        ("minimum_risk", wish.minimum_risk in Risk.values, "Choose low, medium or high."),
        ("rhythm", wish.rhythm in Rhythm.values, "Choose at once, every few minutes, or daily."),
        (
            "every_minutes",
            1 <= wish.every_minutes <= MOST_MINUTES,
            f"Write a number of minutes from 1 to {MOST_MINUTES}.",
        ),
        (
            "quiet_until",
            (quiet[0] is None) == (quiet[1] is None),
            "Quiet hours need a beginning and an end; leave both empty for none.",
        ),
        (
            "quiet_until",
            quiet[0] is None or quiet[0] != quiet[1],
            "Quiet hours begin and end at the same time; choose another end.",
        ),
        ("time_zone", wish.time_zone in zones(), "Choose a time zone, e.g. Europe/Berlin."),
    )
    return [{"field": name, "problem": text} for name, fine, text in checks if not fine]


@cache
def zones() -> frozenset[str]:
    """The time zones there are, by their IANA names."""
    return frozenset(available_timezones())
