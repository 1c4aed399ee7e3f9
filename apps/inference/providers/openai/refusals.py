"""Errors of servers, by status or by what stands in the body, as ours. Pure.

A text of ours names a status and at most a code word: never what the server wrote, which may
repeat the question or a key.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from apps.inference.providers.base import Failed, ProviderError, RateLimited, Refused
from apps.inference.providers.openai.pauses import pause

UNSAID = "HTTP 200 with an error instead of an answer"  # and nothing to tell which
_WORD = re.compile(r"[a-z_]{1,40}")
_UNSUPPORTED = re.compile(
    r"not supported|unsupported|does not support|cannot use .{1,40} with", re.IGNORECASE
)
_DEEPEST = 5
_SAYING = ("message", "msg", "detail", "error", "reason", "description", "raw", "errors", "type")
_MOST_SAID = 8_000
# A status for the codes that come without one
_STATUS = {
    "rate_limit_exceeded": 429, "rate_limit_error": 429, "rate_limited": 429,
    "too_many_requests": 429, "resource_exhausted": 429, "insufficient_quota": 429,
    "overloaded_error": 529, "overloaded": 529, "service_unavailable": 503, "unavailable": 503,
    "engine_overloaded": 503, "server_error": 500, "internal_error": 500, "api_error": 500,
    "internal_server_error": 500, "internalservererror": 500, "timeout": 504,
    "timeout_error": 504, "upstream_error": 502, "bad_gateway": 502, "internal": 500,
    "invalid_request_error": 400, "badrequesterror": 400, "invalid_argument": 400,
    "context_length_exceeded": 400, "invalid_prompt": 400, "unsupported_parameter": 400,
    "authentication_error": 401, "invalid_api_key": 401, "unauthenticated": 401,
    "permission_error": 403, "permission_denied": 403, "insufficient_credits": 402,
    "model_not_found": 404, "not_found_error": 404, "notfounderror": 404, "not_found": 404,
}  # fmt: skip
# A 429 that no waiting ends
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active",
              "insufficient_credits", "insufficient_balance", "account_deactivated"}  # fmt: skip

# The code words an error of ours may carry; any other could be anything
_SAYABLE = {*_STATUS, *_NO_CREDIT, "unsupported_value", "invalid_value", "content_filter",
            "missing_required_parameter", "content_policy_violation", "string_above_max_length",
            "tokens_exceeded", "model_overloaded", "invalid_encrypted_content"}  # fmt: skip


class NotTaken(Refused):
    """The server does not take the request as it is (a 4xx); what it says of that is in `body`."""

    def __init__(self, message: str, *, status: int, body: Any) -> None:
        super().__init__(message)
        self.status, self.body = status, body


def of_status(status: int, headers: Mapping[str, str], content: bytes) -> ProviderError:
    """Our error for an HTTP status and its body, of whatever type that is."""
    try:
        body = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        body = content.decode("utf-8", "replace")
    return _as_ours(status, headers, body)


def of_body(body: Any, headers: Mapping[str, str]) -> ProviderError | None:
    """Our error for an answer that is none although its status is 200; None if it is no error."""
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict) or not _is_error(body):
        return None
    status = next((code for code in _statuses(body) if 400 <= code <= 599), 0)
    status = status or next((_STATUS[word] for word in words(body) if word in _STATUS), 0)
    if not status:
        return Failed(UNSAID)
    return _as_ours(status, headers, body)


def _is_error(body: dict[str, Any]) -> bool:
    """Whether a body of status 200 says that something went wrong."""
    error = body.get("error")
    if isinstance(error, dict):
        error = any(error.values())  # `{"message": "", "code": null}` is none
    if error or body.get("object") == "error" or body.get("type") == "error":
        return True
    if body.get("choices") or body.get("output") or body.get("data"):
        return False
    base = body.get("base_resp")  # MiniMax
    if isinstance(base, dict) and base.get("status_code"):
        return True
    return any(body.get(key) for key in ("detail", "errors")) or (
        bool(body.get("message") or body.get("msg")) and "choices" not in body
    )


def _as_ours(status: int, headers: Mapping[str, str], body: Any) -> ProviderError:
    """The class that says whether to repeat."""
    known = words(body)
    word = next((code for code in words(body, "code") if code in _SAYABLE), "")
    text = f"HTTP {status} {word}".strip()
    if status == 429:
        # No credit left is a 429 too, but waiting does not help
        if _NO_CREDIT.intersection(known):
            return Refused(text)
        return RateLimited(text, retry_after_s=pause(headers, body))
    if status == 500 and _UNSUPPORTED.search(said(body)):  # llama.cpp, about the request
        return NotTaken(text, status=status, body=body)
    if status >= 500 or status in (408, 409, 425):
        return Failed(text, retry_after_s=pause(headers, body))
    return NotTaken(text, status=status, body=body)


def _errors(body: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The body's objects that describe an error, the inner ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(body, list):
        for part in body[:3]:
            yield from _errors(part, depth + 1)
    elif isinstance(body, dict):
        for name in ("error", "code", "detail", "base_resp", "response"):
            yield from _errors(body.get(name), depth + 1)
        yield body


def words(body: Any, *names: str) -> list[str]:
    """The code words of an error, of `code`, `type` and `status` if not named, in lower case."""
    found = []
    for error in _errors(body):
        for name in names or ("code", "type", "status"):
            word = error.get(name)
            if isinstance(word, str) and word != "error" and _WORD.fullmatch(word.lower()):
                found.append(word.lower())
    return found


def _statuses(body: Any) -> Iterator[int]:
    """The numbers in an error that may be a status."""
    for error in _errors(body):
        for name in ("code", "status", "status_code", "http_status", "statusCode"):
            value = error.get(name)
            if isinstance(value, str) and re.fullmatch(r"\d{3}", value):
                yield int(value)
            elif isinstance(value, int) and not isinstance(value, bool):
                yield value


def params(body: Any) -> list[str]:
    """The names of the fields an error says it is about: OpenAI's `param`, FastAPI's `loc`."""
    found: list[str] = []
    for error in _errors(body):
        if isinstance(error.get("param"), str):
            found.append(error["param"][:100])
        if isinstance(error.get("loc"), list):
            found.append(".".join(str(part) for part in error["loc"][:6])[:100])
    # vLLM writes Pydantic's errors as Python would
    written = re.findall(r"'loc': \(([^)]{1,100})\)", said(body))
    return found + [re.sub(r"['\s]", "", place).replace(",", ".") for place in written]


def said(body: Any, depth: int = 0) -> str:
    """What an error says in words, without what it may repeat of the request."""
    if isinstance(body, str):
        return body[:_MOST_SAID]
    if depth > _DEEPEST:
        return ""
    if isinstance(body, list):
        return " ".join(said(part, depth + 1) for part in body[:10])[:_MOST_SAID]
    if isinstance(body, dict):
        inner = [body[name] for name in (*_SAYING, "metadata", "code") if name in body]
        return " ".join(said(part, depth + 1) for part in inner)[:_MOST_SAID]
    return ""
