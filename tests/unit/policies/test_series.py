"""Which window a stopped change is a step of."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.policies.models import Decision, Version
from apps.policies.series import beginning, stopping

NOW = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)


def stopped_by(*fired: str, **when: str) -> Decision:
    """A decision in which rules of these names fired, `when` by name; `pass` allows."""
    rules: list[dict[str, Any]] = [
        {"name": name, "when": text, "outcome": "allow" if name == "pass" else "review",
         "reason": "r"}
        for name, text in when.items()
    ]  # fmt: skip
    return Decision(version=Version(rules=rules), fired=[{"rule": name} for name in fired])


@pytest.mark.parametrize(
    ("when", "window"),
    [
        ("window('customer', '24h').changes > 2", ("customer", "24h")),
        ("window('agent', '1h').alone > 2 || window('agent', '7d').alone > 9", ("agent", "7d")),
        ("window('agent', '30d').alone > 2 || window('target', '1h').changes > 1",
         ("target", "1h")),
    ],
)  # fmt: skip
def test_the_window_that_says_most_is_shown(when: str, window: tuple[str, str]) -> None:
    """The target's before another's, the longest of its scope."""
    found = stopping(stopped_by("pass", "cap", **{"pass": "true", "cap": when}))
    assert found is not None
    assert (found[0]["name"], found[1]) == ("cap", window)


@pytest.mark.parametrize(
    "decision",
    [
        Decision(version=None, fired=[{"rule": "cap"}]),
        stopped_by("plain", plain="change_percent > 5.0"),
        stopped_by("pass", **{"pass": "window('target', '1h').changes < 3"}),
        stopped_by("approved", approved="has_approved"),  # kept with the target, in no window
        stopped_by("another", plain="window('target', '1h').changes > 3"),
    ],
)
def test_what_no_cap_has_stopped_is_no_series(decision: Decision) -> None:
    """No version, a rule without a window, one that allows, one that is not of this version."""
    assert stopping(decision) is None


def test_a_series_begins_with_its_oldest_bucket() -> None:
    """As the window itself counts."""
    assert beginning("24h", NOW) == datetime(2026, 2, 28, 12, 0, tzinfo=UTC)
    assert beginning("15m", NOW) == datetime(2026, 3, 1, 12, 19, tzinfo=UTC)
