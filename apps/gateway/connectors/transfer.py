"""Reading an answer of an untrusted server: limited in size, parsed without loss."""

import json
from decimal import Decimal
from typing import Any

import httpx2


class TooLarge(Exception):
    """The answer is larger than the limit; nothing of it was used."""


class NotJson(Exception):
    """The answer is not JSON."""


def read_limited(response: httpx2.Response, limit: int) -> bytes:
    """The body of a streamed response, at most `limit` bytes. Raises `TooLarge`."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"more than {limit} bytes")
    return bytes(body)


def parse(body: bytes) -> Any:
    """JSON with numbers as `Decimal`, so that money keeps its digits. Raises `NotJson`."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"not JSON: {body[:80]!r}") from error
