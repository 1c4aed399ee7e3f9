"""Errors of any server become ours, with nothing of what it wrote but a code word."""

import json
from typing import Any

import pytest

from apps.inference.providers.base import Failed, ProviderError, RateLimited, Refused
from apps.inference.providers.openai import refusals
from apps.inference.providers.openai.refusals import NotTaken, of_body, of_status


def kind(error: ProviderError | None) -> str:
    """The class a caller sees, and the text."""
    assert error is not None
    name = "Refused" if isinstance(error, NotTaken) else type(error).__name__
    return f"{name}: {error}"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, b'{"error": {"code": "rate_limit_exceeded"}}',
         "RateLimited: HTTP 429 rate_limit_exceeded"),
        (429, b'{"error": {"type": "insufficient_quota", "code": null}}',
         "Refused: HTTP 429"),
        (402, b'{"error": {"code": 402, "message": "no credits"}}', "Refused: HTTP 402"),
        (529, b'{"type": "error", "error": {"type": "overloaded_error"}}',
         "Failed: HTTP 529"),
        (503, b'[{"error": {"code": 503, "status": "UNAVAILABLE"}}]',
         "Failed: HTTP 503"),
        (502, b"<html><body>Bad gateway canary</body></html>", "Failed: HTTP 502"),
        (500, b"", "Failed: HTTP 500"),
        (500, b'{"error": {"code": 500, "message": "Cannot use tools with stream"}}',
         "Refused: HTTP 500"),
        (500, b"\xff\xfe\x00", "Failed: HTTP 500"),
        (408, b"null", "Failed: HTTP 408"),
        (401, b'"wrong key sk-canary"', "Refused: HTTP 401"),
        (400, b'{"error": {"code": "Bad canary Code!"}}', "Refused: HTTP 400"),
        (400, b'{"error": {"code": "canary_code", "type": "canary"}}', "Refused: HTTP 400"),
        (404, b"404 page not found", "Refused: HTTP 404"),
        (400, b"[" * 100_000, "Refused: HTTP 400"),
        (422, b'{"detail": [{"loc": ["body", "x"], "msg": "canary"}]}', "Refused: HTTP 422"),
    ],
)  # fmt: skip
def test_an_error_by_its_status(status: int, body: bytes, expected: str) -> None:
    """HTML, lists, plain text and bytes that are nothing."""
    assert kind(of_status(status, {}, body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"message": "x", "code": 502}}, "Failed: HTTP 502"),
        ({"error": {"message": "x", "code": "502"}}, "Failed: HTTP 502"),
        ({"error": {"code": "rate_limit_exceeded"}}, "RateLimited: HTTP 429 rate_limit_exceeded"),
        ({"error": {"code": 429}, "choices": None}, "RateLimited: HTTP 429"),
        ({"error": {"error": {"code": 401}}}, "Refused: HTTP 401"),
        ({"error": {"type": "overloaded_error"}}, "Failed: HTTP 529"),
        ({"error": {"code": 402}}, "Refused: HTTP 402"),
        ({"error": "model is loading"}, "Failed: HTTP 200 with an error instead of an answer"),
        ({"error": {"code": 1302}}, "Failed: HTTP 200 with an error instead of an answer"),
        ({"object": "error", "message": "x", "code": 404}, "Refused: HTTP 404"),
        ({"type": "error", "error": {"type": "api_error"}}, "Failed: HTTP 500"),
        ({"message": "x", "code": 500}, "Failed: HTTP 500"),
        ({"detail": "Not Found"}, "Failed: HTTP 200 with an error instead of an answer"),
        ({"base_resp": {"status_code": 1002}},
         "Failed: HTTP 200 with an error instead of an answer"),
        ([{"error": {"code": 503, "status": "UNAVAILABLE"}}], "Failed: HTTP 503"),
    ],
)  # fmt: skip
def test_an_error_with_status_200(body: Any, expected: str) -> None:
    """Its code counts, wherever it stands; nothing was answered."""
    error = of_body(body, {})
    assert kind(error) == expected
    assert error is not None
    assert not error.may_be_billed


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"message": {"content": "x"}}]},
        {"error": None, "choices": []},
        {"error": {"message": "", "code": None}, "choices": [1]},
        {"error": False, "choices": []},
        {"base_resp": {"status_code": 0, "status_msg": "success"}, "choices": [1]},
        {"choices": [1], "message": "ok", "code": 200},
        {"data": [1], "code": 500},
        {"choices": [], "usage": {}},
        {}, [], None, 5, "error",
    ],
)  # fmt: skip
def test_what_is_no_error(body: Any) -> None:
    """Answers of servers that always send the fields of one."""
    assert of_body(body, {}) is None


def test_a_pause_in_a_body_counts() -> None:
    """Also where the status was 200."""
    error = of_body({"error": {"code": 429, "metadata": {"headers": {"Retry-After": "7"}}}}, {})
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 7
    failed = of_status(503, {"Retry-After": "3"}, b"")
    assert isinstance(failed, Failed)
    assert failed.retry_after_s == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"param": "max_tokens"}}, ["max_tokens"]),
        ({"detail": [{"loc": ["body", "dimensions"], "msg": "x"}]}, ["body.dimensions"]),
        ({"message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), "
                     "'msg': 'Extra inputs', 'input': {}}]"}, ["body.stream_options"]),
        ({"error": {"param": None, "message": "no"}}, []),
        ("text", []),
    ],
)  # fmt: skip
def test_the_fields_an_error_is_about(body: Any, expected: list[str]) -> None:
    """As OpenAI, FastAPI and vLLM say it."""
    assert refusals.params(body) == expected


def test_what_an_error_repeats_of_the_request_is_not_what_it_says() -> None:
    """FastAPI sends the whole request back, in which every field is named."""
    body = {"detail": [{"loc": ["body", "model"], "msg": "missing", "input": {"stream": True}}]}
    assert "stream" not in refusals.said(body)
    assert json.dumps(body)
    assert issubclass(NotTaken, Refused)
