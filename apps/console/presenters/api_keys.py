"""API keys in words: what each may do, for whom it acts, how it stands and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as format_date

from apps.accounts.models import ApiKey
from apps.accounts.operations import SCOPES
from apps.gateway import catalogue

ACTIONS = {name: spec.title for name, spec in catalogue.ACTIONS.items()}  # kinds, in words


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A key as its person reads it; `ends` is empty without an end, `is_live`: it lets in.

    `proposes` are the kinds of action it is for, empty where that is nothing or all its agent may.
    """

    key: ApiKey
    may: str
    proposes: str
    ends: str
    is_over: bool
    is_live: bool


def show(key: ApiKey, *, zone: ZoneInfo, now: datetime) -> Shown:
    """The key in words, its end in the reader's zone."""
    is_over = key.expires_at is not None and key.expires_at <= now
    is_ended = key.revoked_at is not None or (key.agent is not None and bool(key.agent.retired_at))
    return Shown(
        key=key,
        may=may(key.scopes),
        proposes=proposes(key),
        ends=day_of(key.expires_at, zone) if key.expires_at else "",
        is_over=is_over,
        is_live=not is_over and not is_ended,
    )


def may(scopes: Iterable[str]) -> str:
    """What scopes let somebody do: `read and submit proposals; start runs`."""
    verbs: dict[str, list[str]] = {}
    given = set(scopes)
    for verb, _, thing in (told.partition(" ") for scope, told in SCOPES.items() if scope in given):
        verbs.setdefault(thing, []).append(verb.lower())
    return "; ".join(f"{enumerated(told)} {thing}" for thing, told in verbs.items())


def proposes(key: ApiKey) -> str:
    """The kinds of action a key may propose: `refund and send message`."""
    if "proposals:submit" not in key.scopes or (key.actions is None and key.agent):
        return ""
    if key.actions is None:
        return "every kind of action"
    words = [ACTIONS.get(name, name) for name in key.actions]
    return enumerated([word[:1].lower() + word[1:] for word in words]) if words else ""


def enumerated(words: list[str]) -> str:
    """Words in a row: `read, submit and review`."""
    *some, last = words
    return f"{', '.join(some)} and {last}" if some else last


def day_of(end: datetime, zone: ZoneInfo) -> str:
    """The day it ends, `31 January 2027`; with the time unless that is the end of the day."""
    local = end.astimezone(zone)
    is_whole = local.time().replace(microsecond=0) == time(23, 59, 59)
    return format_date(local, "j F Y" if is_whole else "j F Y, H:i")
