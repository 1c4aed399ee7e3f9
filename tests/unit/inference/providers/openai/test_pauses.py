"""How long to wait is read from whatever says it."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from apps.inference.providers.openai.pauses import pause


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "20"}, 20.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after": "20s"}, 20.0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"}, 62.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "17ms"}, 0.017),
        ({"x-ratelimit-remaining-tokens": "9", "x-ratelimit-reset-tokens": "6m0s"}, None),
        ({"x-ratelimit-reset": "3"}, 3.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 99 Foo 99999 99:99:99 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_the_headers_servers_use(headers: dict[str, str], seconds: float | None) -> None:
    """Nonsense is as if nothing was said."""
    assert pause(headers) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("factor", [1, 1000])
def test_a_point_in_time_is_a_pause_until_then(factor: int) -> None:
    """In seconds or in milliseconds, or as HTTP writes dates."""
    at = time.time() + 30
    assert pause({"x-ratelimit-reset": str(int(at * factor))}) == pytest.approx(30, abs=2)
    assert pause({"retry-after": formatdate(at, usegmt=True)}) == pytest.approx(30, abs=2)
    assert pause({"retry-after": formatdate(at - 90, usegmt=True)}) == 0


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"error": {"metadata": {"headers": {"Retry-After": "7"}}}}, 7.0),
        ({"error": {"details": [{"@type": "x"}, {"retryDelay": "34.5s"}]}}, 34.5),
        ([{"error": {"details": [{"retryDelay": "2s"}]}}], 2.0),
        ({"error": {"details": "x", "metadata": 5}}, None),
        ([], None), ("text", None), (None, None),
    ],
)  # fmt: skip
def test_the_bodies_that_say_it(body: Any, seconds: float | None) -> None:
    """OpenRouter's and Google's."""
    assert pause({}, body) == seconds
