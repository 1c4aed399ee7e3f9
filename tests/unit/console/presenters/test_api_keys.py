"""What a key may do and until when, in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.models import ApiKey, OutsideAgent
from apps.accounts.operations import SCOPES
from apps.console.presenters.api_keys import day_of, may, proposes, show

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        (["proposals:read"], "read proposals"),
        (["proposals:submit", "proposals:read"], "read and submit proposals"),
        (["switches:set", "events:read", "proposals:review", "proposals:read", "proposals:submit"],
         "read, submit and review proposals; read the audit log; set kill switches"),
        (["of:old"], ""),
    ],
)  # fmt: skip
def test_scopes_are_told_by_what_they_are_about(scopes: list[str], words: str) -> None:
    """In the order of the scopes, however the key was made."""
    assert may(scopes) == words


def test_every_scope_has_its_words() -> None:
    """None is passed over."""
    assert all(verb in may(SCOPES) for verb in ("start runs", "see and set kill switches"))
    assert all(may([scope]) for scope in SCOPES)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (ApiKey(scopes=["proposals:submit"], actions=["set_price"]), "set price"),
        (ApiKey(scopes=["proposals:submit"]), "every kind of action"),
        (ApiKey(scopes=["proposals:submit"], agent=OutsideAgent(name="ERP")), ""),
        (ApiKey(scopes=["proposals:submit"], actions=["of_old"]), "of_old"),
        (ApiKey(scopes=["proposals:read"]), ""),
    ],
)
def test_what_it_proposes(key: ApiKey, words: str) -> None:
    """Nothing is said where it submits nothing, or all that its agent may."""
    assert proposes(key) == words


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (datetime(2027, 1, 31, 23, 59, 59, 999999, tzinfo=BERLIN), "31 January 2027"),
        (datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), "1 February 2027, 00:59"),
        (datetime(2027, 1, 31, 8, tzinfo=UTC), "31 January 2027, 09:00"),
    ],
)
def test_the_last_day_is_the_readers(end: datetime, words: str) -> None:
    """Without a time where it is a whole day for them, else with it."""
    assert day_of(end, BERLIN) == words


def test_a_key_lets_in_until_it_has_ended() -> None:
    """By its day, by being revoked, or with its agent."""
    second = timedelta(seconds=1)
    ended = [ApiKey(expires_at=NOW), ApiKey(revoked_at=NOW - second),
             ApiKey(agent=OutsideAgent(name="ERP", retired_at=NOW - second))]  # fmt: skip
    lives = [ApiKey(), ApiKey(expires_at=NOW + second), ApiKey(agent=OutsideAgent(name="ERP"))]
    found = [show(key, zone=BERLIN, now=NOW) for key in [*ended, *lives]]
    assert [one.is_live for one in found] == [False] * 3 + [True] * 3
    assert [one.is_over for one in found] == [True, *[False] * 5]
