"""Any endpoint that speaks OpenAI's protocol, through the `openai` client.

The client's own retries are off (ours honour the budget) and its parsing is not used: an answer is
untrusted input, checked in `openai_answers` against a schema, so that broken JSON is `Malformed`
and not a `json.JSONDecodeError` out of the client's depths. An answer somebody may listen to is
streamed, where the endpoint can.
"""

import email.utils
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast

import httpx2
import openai

from apps.inference.providers.base import (
    LONGEST,
    BrokenOff,
    Completion,
    Embeddings,
    Failed,
    Malformed,
    ProviderError,
    Question,
    RateLimited,
    Refused,
    Say,
    TimedOut,
    Tool,
    Unreachable,
)
from apps.inference.providers.openai_answers import (
    DONE,
    MOST_BYTES,
    Answer,
    Chat,
    Counted,
    Gathered,
    completion,
    read,
    usage,
)

# At DEBUG the client logs whole requests: prompts must not reach a log at any level
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

CONNECT_TIMEOUT_S = 5.0
# Endpoints of this process that refuse a streamed answer and give a whole one
_whole_only: set[tuple[str, str]] = set()


class _Vector(Answer):
    index: int
    embedding: list[float]


class _Vectors(Answer):
    data: list[_Vector]
    usage: Counted | None = None


class _NotUnderstood(Refused):
    """The endpoint does not take the request as it is (400, 422)."""


class OpenAIProvider:
    """`base_url` empty means OpenAI itself; `api_key` may be empty for a local server."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._api_key = api_key

    def complete(self, question: Question, say: Say | None = None) -> Completion:
        """Ask once, streamed if somebody listens. Raises the `ProviderError` that fits."""
        place = (self._base_url, question.model)
        if say is None or place in _whole_only:
            return self._whole(question)
        try:
            return self._streamed(question, say)
        except _NotUnderstood:
            # Streaming may be what it does not understand; a refusal was not billed
            answer = self._whole(question)
            _whole_only.add(place)
            return answer

    def embed(
        self, texts: Sequence[str], *, model: str, dimensions: int, timeout_s: float
    ) -> Embeddings:
        """Vectors in the order of the texts. Raises the `ProviderError` that fits."""
        body = {
            "model": model,
            "input": list(texts),
            "dimensions": dimensions,
            "encoding_format": "float",
        }
        with _translated():
            response = self._post("/embeddings", body, timeout_s)
        answer = read(response.content, _Vectors)
        rows = sorted(answer.data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise Malformed(f"{len(rows)} vectors came for {len(texts)} texts, or wrongly numbered")
        return Embeddings(vectors=[row.embedding for row in rows], usage=usage(answer.usage))

    def _whole(self, question: Question) -> Completion:
        """The answer in one piece."""
        with _translated():
            response = self._post("/chat/completions", self._body(question), question.timeout_s)
        return completion(read(response.content, Chat))

    def _streamed(self, question: Question, say: Say) -> Completion:
        """The answer piece by piece, or in one if the endpoint knows no better."""
        body = self._body(question) | {"stream": True, "stream_options": {"include_usage": True}}
        until = time.monotonic() + question.timeout_s * LONGEST
        with _translated():
            response = self._post("/chat/completions", body, question.timeout_s, stream=True)
            try:
                if "event-stream" not in response.headers.get("content-type", ""):
                    return completion(read(response.read(), Chat))
                gathered = Gathered(say)
                for data in _events(response, until):
                    gathered.add(data)
            finally:
                response.close()
        return gathered.whole()

    def _body(self, question: Question) -> dict[str, Any]:
        # OpenAI's newer models refuse `max_tokens`; most compatible servers know nothing else
        limit = "max_tokens" if self._base_url else "max_completion_tokens"
        body: dict[str, Any] = {
            "model": question.model,
            "messages": [dict(message) for message in question.messages],
            limit: question.max_output_tokens,
        }
        if question.tools:
            body["tools"] = [_describe(tool) for tool in question.tools]
        return body

    def _post(
        self, path: str, body: object, timeout_s: float, *, stream: bool = False
    ) -> httpx2.Response:
        """The response, with its body unread if `stream`."""
        client = _client(self._base_url, self._api_key, os.getpid())
        timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
        response = client.post(
            path,
            body=body,
            cast_to=httpx2.Response,
            options={"timeout": timeout},
            stream=stream,
            stream_cls=openai.Stream[object],
        )
        return cast(httpx2.Response, response)  # with this `cast_to`, also when streamed


@lru_cache(maxsize=8)
def _client(base_url: str, api_key: str, _process_id: int) -> openai.OpenAI:
    """One client per endpoint and process: sockets must not cross a fork."""
    return openai.OpenAI(
        base_url=base_url or "https://api.openai.com/v1",
        api_key=api_key or "none",  # the client refuses to start without one
        max_retries=0,
    )


def _events(response: httpx2.Response, until: float) -> Iterator[bytes]:
    """The data of each server-sent event up to the mark of the end.

    Split at line feeds only: the client's text lines would also split at U+2028 inside of JSON.
    """
    rest, size = b"", 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > MOST_BYTES:
            raise Malformed("the answer has no end")
        if time.monotonic() > until:
            raise TimedOut("the answer took too long to end")
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == DONE:
                return
            yield data


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the client's errors into ours (status and code only, no message)."""
    try:
        yield
    except (openai.APITimeoutError, httpx2.TimeoutException):
        raise TimedOut("no answer in time") from None
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, httpx2.ConnectError):
            raise Unreachable("no connection") from None
        raise BrokenOff("the connection broke off") from None
    except httpx2.TransportError:
        raise BrokenOff("the connection broke off") from None
    except openai.APIStatusError as error:
        raise _refusal(error.status_code, error.code, error.response.headers) from None
    except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
        raise Malformed(f"the answer could not be read ({type(error).__name__})") from None


def _refusal(status: int, code: object, headers: Mapping[str, str]) -> ProviderError:
    """Our error for an HTTP status."""
    word = code if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else ""
    text = f"HTTP {status} {word}".strip()
    if status == 429:
        # No credit left is a 429 too, but waiting does not help
        return (
            Refused(text)
            if word == "insufficient_quota"
            else RateLimited(text, retry_after_s=_retry_after(headers))
        )
    if status >= 500 or status in (408, 409):
        return Failed(text, retry_after_s=_retry_after(headers))
    return _NotUnderstood(text) if status in (400, 422) else Refused(text)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the provider asks us to wait; the header holds seconds or an HTTP date."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        parsed = email.utils.parsedate_tz(value)
        return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None


def _describe(tool: Tool) -> dict[str, Any]:
    """A tool as the protocol wants it."""
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": function}
