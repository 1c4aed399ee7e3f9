"""What `Retry-After` asks for."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.gateway.retry_after import LONGEST, asked_pause

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("30", timedelta(seconds=30)),
        (" 0 ", timedelta(0)),
        ("9" * 4000, LONGEST),
        ("Fri, 20 Nov 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Fri, 20 Nov 2026 09:02:00 -0000", timedelta(minutes=2)),
        ("Fri, 20 Nov 2026 08:00:00 GMT", timedelta(0)),
        ("Fri, 20 Nov 2099 08:00:00 GMT", LONGEST),
    ],
)
def test_seconds_or_a_date(header: str, pause: timedelta) -> None:
    """Never backwards, and an hour at most."""
    assert asked_pause(header, now=NOW) == pause


@pytest.mark.parametrize("header", ["", "soon", "-5", "1.5", "٣", "Fri, 99 Nov 2026 09:02:00 GMT",
                                    "Fri, 20 Nov 99999999 09:02:00 GMT"])  # fmt: skip
def test_anything_else_asks_for_nothing(header: str) -> None:
    """It is not guessed at."""
    assert asked_pause(header, now=NOW) is None
