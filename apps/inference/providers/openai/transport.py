"""The network: one request, its answer read piece by piece within bounds, errors made ours.

The client's own retries are off (ours honour the budget) and its parsing is not used. It would
read the body of an error whole, however long: that is read here before the client sees it.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import httpx2
import openai

from apps.inference.providers.base import (
    BrokenOff,
    Malformed,
    ProviderError,
    Refused,
    TimedOut,
    TooLong,
    Unreachable,
)
from apps.inference.providers.openai import limits, refusals
from apps.outbound.addresses import ForbiddenAddress, Network
from apps.outbound.connections import Transport

# At DEBUG the client logs whole requests: prompts must not reach a log at any level
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

CONNECT_TIMEOUT_S = 5.0
_ERROR_S = 5.0  # reading the body of an error
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
)
_UNUSABLE = (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, httpx2.InvalidURL)


class _Status(openai.OpenAIError):
    """A status that is no success, with as much of its body as is read. The client lets its own
    kind of error through as it is."""

    def __init__(self, status: int, headers: httpx2.Headers, body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.headers, self.body = status, headers, body


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer whose body is yet to be read, once."""

    headers: dict[str, str]
    pieces: Iterator[bytes]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where questions go, with which key, and the networks beside the outside it may lie in."""

    base_url: str
    api_key: str
    allowed: tuple[Network, ...]


@contextmanager
def ask(
    endpoint: Endpoint, path: str, body: object, *, timeout_s: float, until: float
) -> Iterator[Answer]:
    """Send the body as JSON; the answer is read inside. `until` is on the monotonic clock.

    Raises only `ProviderError`, also for what happens while the answer is read.
    """
    with _translated():
        client = _client(endpoint, os.getpid())
        timeout = httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
        response = cast(  # with this `cast_to`, also when streamed
            httpx2.Response,
            client.post(
                path,
                body=body,
                cast_to=httpx2.Response,
                options={"timeout": timeout},
                stream=True,
                stream_cls=openai.Stream[object],
            ),
        )
        try:
            yield Answer(headers=dict(response.headers), pieces=_bounded(response, until))
        finally:
            response.close()


def _bounded(response: httpx2.Response, until: float) -> Iterator[bytes]:
    """The body, decompressed a little at a time, up to the most an answer may have."""
    size = 0
    for piece in response.iter_bytes():
        size += len(piece)
        if size > limits.MOST_STREAM_BYTES:
            raise TooLong(f"the answer has no end: more than {limits.MOST_STREAM_BYTES} bytes")
        if time.monotonic() > until:
            raise TimedOut("the answer took too long to end")
        yield piece


def _stop_at_errors(response: httpx2.Response) -> None:
    """Read the beginning of an error's body and raise it, before anybody reads all of it."""
    if response.status_code < 300:
        return
    pieces: list[bytes] = []
    size, until = 0, time.monotonic() + _ERROR_S
    try:
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > limits.MOST_ERROR_BYTES or time.monotonic() > until:
                break
    except httpx2.HTTPError:
        pass  # the status says enough
    finally:
        response.close()
    body = b"".join(pieces)[: limits.MOST_ERROR_BYTES]
    raise _Status(response.status_code, response.headers, body)


@lru_cache(maxsize=8)
def _client(endpoint: Endpoint, _process_id: int) -> openai.OpenAI:
    """One client per endpoint and process: sockets must not cross a fork.

    A redirect is an answer like any other: the key goes nowhere but where the operator said, to an
    address that was judged when the connection was opened, through no proxy.
    """
    return openai.OpenAI(
        base_url=endpoint.base_url or "https://api.openai.com/v1",
        api_key=endpoint.api_key or "none",  # the client refuses to start without one
        max_retries=0,
        http_client=openai.DefaultHttpxClient(
            transport=Transport(lambda *_: endpoint.allowed, openai.DEFAULT_CONNECTION_LIMITS),
            event_hooks={"response": [_stop_at_errors]},
            follow_redirects=False,
        ),
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of client and network into ours, without a word of what was sent or came."""
    try:
        yield
    except ProviderError:
        raise
    except _Status as error:
        raise refusals.of_status(error.status, error.headers, error.body) from None
    except ForbiddenAddress as error:
        raise Refused(str(error)) from None  # names the setting that would allow it
    except (openai.APIConnectionError, httpx2.TransportError, httpx2.InvalidURL) as error:
        raise _of_connection(error) from None
    except openai.APIStatusError as error:
        raise refusals.of_status(error.status_code, error.response.headers, b"") from None
    except UnicodeEncodeError:
        raise Refused("the question or the key holds a character that cannot be sent") from None
    except (openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError) as error:
        raise Malformed(f"the answer could not be read ({type(error).__name__})") from None


def _of_connection(error: Exception) -> ProviderError:
    """What a failed connection means: whether the question was sent, above all."""
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(cause, _NOT_SENT):
        return Unreachable("no connection")
    if isinstance(cause, _UNUSABLE):
        return Refused("the address or the key of the endpoint cannot be used")
    if isinstance(error, openai.APITimeoutError) or isinstance(cause, httpx2.TimeoutException):
        return TimedOut("no answer in time")
    return BrokenOff("the connection broke off")
