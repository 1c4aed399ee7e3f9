"""Any endpoint that speaks OpenAI's protocol, through the `openai` client.

The client's own retries are off (ours honour the budget) and its parsing is not used: an answer is
untrusted input, checked here against a schema, so that broken JSON is `Malformed` and not a
`json.JSONDecodeError` out of the client's depths. Nothing is streamed.
"""

import email.utils
import logging
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import httpx2
import openai
from pydantic import BaseModel, ConfigDict, ValidationError

from apps.inference.providers.base import (
    BrokenOff,
    Completion,
    Embeddings,
    Failed,
    Malformed,
    ProviderError,
    Question,
    RateLimited,
    Refused,
    TimedOut,
    Tool,
    ToolCall,
    Unreachable,
    Usage,
)

# At DEBUG the client logs whole requests: prompts must not reach a log at any level
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

CONNECT_TIMEOUT_S = 5.0


class _Answer(BaseModel):
    """Base of the parts of an answer we rely on; anything else is dropped."""

    model_config = ConfigDict(extra="ignore")


class _Function(_Answer):
    name: str
    arguments: str = ""


class _Call(_Answer):
    id: str = ""
    function: _Function


class _Said(_Answer):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(_Answer):
    message: _Said
    finish_reason: str | None = None


class _Usage(_Answer):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chat(_Answer):
    model: str = ""
    choices: list[_Choice]
    usage: _Usage | None = None


class _Vector(_Answer):
    index: int
    embedding: list[float]


class _Vectors(_Answer):
    data: list[_Vector]
    usage: _Usage | None = None


Shape = TypeVar("Shape", bound=_Answer)


class OpenAIProvider:
    """`base_url` empty means OpenAI itself; `api_key` may be empty for a local server."""

    def __init__(self, *, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._api_key = api_key

    def complete(self, question: Question) -> Completion:
        """Ask once. Raises the `ProviderError` that fits."""
        # OpenAI's newer models refuse `max_tokens`; most compatible servers know nothing else
        limit = "max_tokens" if self._base_url else "max_completion_tokens"
        body: dict[str, Any] = {
            "model": question.model,
            "messages": [dict(message) for message in question.messages],
            limit: question.max_output_tokens,
        }
        if question.tools:
            body["tools"] = [_describe(tool) for tool in question.tools]
        return _completion(self._ask("/chat/completions", body, question.timeout_s, _Chat))

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
        answer = self._ask("/embeddings", body, timeout_s, _Vectors)
        rows = sorted(answer.data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise Malformed(f"{len(rows)} vectors came for {len(texts)} texts, or wrongly numbered")
        return Embeddings(vectors=[row.embedding for row in rows], usage=_usage(answer.usage))

    def _ask(self, path: str, body: object, timeout_s: float, shape: type[Shape]) -> Shape:
        client = _client(self._base_url, self._api_key, os.getpid())
        timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
        response = _translate(
            lambda: client.post(
                path, body=body, cast_to=httpx2.Response, options={"timeout": timeout}
            )
        )
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            raise Malformed(f"the answer does not fit at {where}: {first['type']}") from None


@lru_cache(maxsize=8)
def _client(base_url: str, api_key: str, _process_id: int) -> openai.OpenAI:
    """One client per endpoint and process: sockets must not cross a fork."""
    return openai.OpenAI(
        base_url=base_url or "https://api.openai.com/v1",
        api_key=api_key or "none",  # the client refuses to start without one
        max_retries=0,
    )


def _translate(ask: Callable[[], httpx2.Response]) -> httpx2.Response:
    """Call, with the client's errors turned into ours (status and code only, no message)."""
    try:
        return ask()
    except openai.APITimeoutError:
        raise TimedOut("no answer in time") from None
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, httpx2.ConnectError):
            raise Unreachable("no connection") from None
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
    return Refused(text)


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


def _completion(answer: _Chat) -> Completion:
    """The first choice, if it is whole."""
    if not answer.choices:
        raise Malformed("the answer holds no choice")
    choice = answer.choices[0]
    if choice.finish_reason is None:
        raise Malformed("the answer was cut: it has no finish reason")
    calls = enumerate(choice.message.tool_calls or [])
    return Completion(
        text=choice.message.content or "",
        tool_calls=tuple(
            ToolCall(
                id=call.id or f"call_{number}",
                name=call.function.name,
                arguments=call.function.arguments,
            )
            for number, call in calls
        ),
        usage=_usage(answer.usage),
        finish_reason=choice.finish_reason,
        model=answer.model,
    )


def _usage(usage: _Usage | None) -> Usage | None:
    """Tokens as counted by the provider; None if it counted nothing."""
    if usage is None or not usage.prompt_tokens + usage.completion_tokens:
        return None
    return Usage(
        input_tokens=max(0, usage.prompt_tokens), output_tokens=max(0, usage.completion_tokens)
    )
