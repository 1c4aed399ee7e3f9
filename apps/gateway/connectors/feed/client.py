"""The feed connector: rows over HTTP as JSON, JSON lines or CSV, read only and as a stream.

Settings, all text: `messages` and `competitor_prices` are paths under the address (a resource
without one cannot be read); `timeout` seconds of a wait (20), `total_seconds` of a whole read
(300), `max_bytes` of one answer (64 MiB), `max_rows` (1,000,000). `format` is json, jsonl or csv;
without it the content type and the first sign decide. For CSV `delimiter` (without it the header
decides) and `decimal`, "." or ",". A secret is sent as a bearer token.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, NoReturn, cast

import httpx2

from apps.gateway.connectors.base import BadAnswer, FirstLook, Receipt, Refused, Unreachable
from apps.gateway.connectors.feed.formats import FORMATS, Dialect, rows
from apps.gateway.connectors.feed.pool import Pool
from apps.gateway.connectors.feed.text import Broken, NotRows, Text
from apps.gateway.message_rows import distinct, reader
from apps.gateway.outbound import Transport
from apps.gateway.price_rows import price_of
from apps.gateway.records import CompetitorPrice, Message, Record
from apps.gateway.rows import Note, Reader, Rows

LIMIT = 64 * 1024 * 1024  # bytes of one answer, unless the settings say otherwise
MOST_ROWS = 1_000_000
TOTAL_SECONDS = 300.0
RESOURCES = ("messages", "competitor_prices")
DECIMALS = (".", ",")


class FeedClient:
    """One server of feeds. Query names of a read are passed on as they are (`after`, `limit`)."""

    kind: ClassVar[str] = "feed"
    actions: ClassVar[frozenset[str]] = frozenset()
    resources: ClassVar[frozenset[str]] = frozenset(RESOURCES)
    burst: ClassVar[int] = 1
    first_look: ClassVar[FirstLook] = FirstLook(
        address_hint="A feed has to be a list in JSON or CSV."
    )

    def __init__(self, address: str, secret: str, settings: dict[str, str]) -> None:
        self._paths = {name: settings[name] for name in RESOURCES if settings.get(name)}
        for name, path in self._paths.items():
            if not path.startswith("/") or path.startswith("//"):
                raise ValueError(f"The path of '{name}' must start with one slash: '{path}'.")
        self._dialect = dialect(settings)
        self._most_bytes = int(positive(settings, "max_bytes", LIMIT))
        self._most_rows = int(positive(settings, "max_rows", MOST_ROWS))
        self._total_seconds = positive(settings, "total_seconds", TOTAL_SECONDS)
        self._http = httpx2.Client(
            base_url=address.rstrip("/"),
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
            timeout=positive(settings, "timeout", 20),
            transport=Transport(),
            trust_env=False,
        )

    @staticmethod
    def declared(settings: Mapping[str, Any]) -> frozenset[str]:
        """What a feed of these settings has to read: what they name a path of."""
        return frozenset(name for name in RESOURCES if settings.get(name))

    def read(self, resource: str, **query: Any) -> Sequence[Record]:
        """messages(after=message id), competitor_prices(). An odd row is set aside (`Rows.odd`).

        Raises `BadAnswer` for a feed that is cut off, too large, or in none of the formats; then
        nothing of it is used.
        """
        if resource not in self._paths:
            raise Refused(f"This feed has no '{resource}' to read.", code="unknown_resource")
        path = self._paths[resource]
        asked = {name: str(value) for name, value in query.items() if value is not None}
        try:
            with self._http.stream("GET", path, params=asked) as response:
                if response.status_code >= 500:
                    raise Unreachable(f"GET {path}: status {response.status_code}")
                if response.status_code != 200:
                    status = response.status_code
                    raise Refused(f"GET {path}: status {status}", code=str(status))
                return self._records(resource, response)
        except httpx2.RequestError as error:
            raise Unreachable(f"GET {path}: {error}") from error
        except NotRows as error:
            raise BadAnswer(f"GET {path}: {str(error)[:500]}") from error

    def snapshot(self, action: str, params: dict[str, Any]) -> dict[str, Any]:
        """A feed has no actions."""
        _refuse(action)

    def predict(
        self, action: str, params: dict[str, Any], snapshot: dict[str, Any]
    ) -> dict[str, Any]:
        """A feed has no actions."""
        _refuse(action)

    def perform(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt:
        """A feed has no actions."""
        _refuse(action)

    def find_effect(
        self, action: str, params: dict[str, Any], *, key: str, snapshot: dict[str, Any]
    ) -> Receipt | None:
        """A feed has no actions."""
        _refuse(action)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _records(self, resource: str, response: httpx2.Response) -> Rows:
        """The records of an answer while it comes in."""
        content_type = response.headers.get("content-type", "")
        text = Text(self._bounded(response.iter_bytes()), content_type)
        read = readers()[resource]
        found = Rows()
        for number, row in enumerate(rows(text, content_type, self._dialect), start=1):
            if number > self._most_rows:
                raise NotRows(f"more than {self._most_rows} rows")
            if isinstance(row, Broken):
                found.set_aside(row.text, row.reason, place=f"row {number}")
            else:
                found.take(row, read, place=f"row {number}")
        if resource == "messages":
            found[:] = distinct(cast(Sequence[Message], found))
        return found

    def _bounded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The answer, which has to end within its bounds. Raises `NotRows`."""
        begun, size = time.monotonic(), 0
        for chunk in chunks:
            size += len(chunk)
            if size > self._most_bytes:
                raise NotRows(f"more than {self._most_bytes} bytes")
            if time.monotonic() - begun > self._total_seconds:
                raise NotRows(f"it was not here in full after {self._total_seconds:g} s")
            yield chunk


def readers() -> dict[str, Reader]:
    """What reads a row of each resource that arrives now."""
    pool = Pool()

    def read_price(row: Any, note: Note) -> CompetitorPrice:
        return pool.compact(price_of(row, note))

    return {"messages": reader(now=datetime.now(UTC)), "competitor_prices": read_price}


def dialect(settings: dict[str, str]) -> Dialect:
    """How the feed is written. Raises `ValueError` for what no feed is."""
    found = Dialect(
        format=settings.get("format", "").lower(),
        delimiter=settings.get("delimiter", "").replace("\\t", "\t"),
        decimal=settings.get("decimal") or ".",
    )
    if found.format not in ("", *FORMATS):
        raise ValueError(f"'format' is one of {', '.join(FORMATS)}, not '{found.format}'.")
    if len(found.delimiter) > 1 or found.delimiter in ('"', "\n", "\r"):
        raise ValueError(f"'delimiter' is one sign, not '{found.delimiter}'.")
    if found.decimal not in DECIMALS:
        raise ValueError(f"'decimal' is . or , and not '{found.decimal}'.")
    return found


def positive(settings: dict[str, str], name: str, otherwise: float) -> float:
    """A setting that is a number above zero. Raises `ValueError`."""
    given = settings.get(name)
    try:
        found = float(given) if given else float(otherwise)
    except (TypeError, ValueError):
        found = 0.0
    if not 0 < found < float("inf"):
        raise ValueError(f"'{name}' is a number above 0, not '{given}'.")
    return found


def _refuse(action: str) -> NoReturn:
    raise Refused(f"A feed cannot '{action}'.", code="unknown_action")
