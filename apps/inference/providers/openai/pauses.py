"""How long a server asks us to wait, in the headers and words servers use for it. Pure."""

import email.utils
import math
import re
import time
from collections.abc import Mapping
from typing import Any

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_EPOCH = 1_000_000_000  # more seconds than any pause: a point in time
# OpenAI counts requests and tokens apart; only the one that ran out matters
_COUNTED = ("requests", "tokens")


def pause(headers: Mapping[str, str], body: Any = None) -> float | None:
    """Seconds to wait before asking again; None if nothing, or nothing sensible, is said.

    Known: `retry-after-ms`, `retry-after` (seconds or an HTTP date), `x-ratelimit-reset-requests`
    and `-tokens` (`6m0s`), `x-ratelimit-reset` and `ratelimit-reset` (seconds, or a time in
    seconds or milliseconds), OpenRouter's copy of such headers and Google's `retryDelay` in the
    body of the error.
    """
    named = {name.lower(): value for name, value in headers.items()}
    inner = _inner_headers(body)
    for found in (named, inner):
        seconds = _of_headers(found)
        if seconds is not None:
            return seconds
    return _of_details(body)


def _of_headers(headers: Mapping[str, str]) -> float | None:
    """The pause of the first header that has one."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    after = headers.get("retry-after", "")
    seconds = _length(after)
    if seconds is None:
        seconds = _date(after)
    if seconds is not None:
        return seconds
    out = [
        length
        for kind in _COUNTED
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0"
        and (length := _length(headers.get(f"x-ratelimit-reset-{kind}", ""))) is not None
    ]
    if out:
        return max(out)
    for name in ("x-ratelimit-reset", "ratelimit-reset", "x-ratelimit-reset-after"):
        if (seconds := _length(headers.get(name, ""))) is not None:
            return seconds
    return None


def _length(value: str) -> float | None:
    """Seconds in `20`, `1.5s`, `6m0s` or a point in time."""
    text = value.strip().lower()
    parts = _LENGTH.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if not math.isfinite(seconds):
        return None
    if seconds >= _EPOCH * 1000:
        seconds /= 1000
    return max(0.0, seconds - time.time()) if seconds >= _EPOCH else seconds


def _number(value: str) -> float | None:
    text = value.strip()
    return float(text) if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text) else None


def _date(value: str) -> float | None:
    """Seconds until an HTTP date."""
    try:
        parsed = email.utils.parsedate_tz(value)
        return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def _inner_headers(body: Any) -> dict[str, str]:
    """The headers OpenRouter got from the provider behind it."""
    error = body.get("error") if isinstance(body, dict) else None
    metadata = error.get("metadata") if isinstance(error, dict) else None
    headers = metadata.get("headers") if isinstance(metadata, dict) else None
    if not isinstance(headers, dict):
        return {}
    return {str(name).lower(): str(value)[:100] for name, value in headers.items()}


def _of_details(body: Any) -> float | None:
    """Google's `retryDelay`, in one error or in a list of them."""
    first = body[0] if isinstance(body, list) and body else body
    error = first.get("error") if isinstance(first, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and (seconds := _length(delay[:40])) is not None:
            return seconds
    return None
