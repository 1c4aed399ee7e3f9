"""Which format a feed has, and its rows one by one: each a mapping, or what cannot be one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.gateway.connectors.feed.csv_rows import read_csv
from apps.gateway.connectors.feed.json_rows import read_array, read_values
from apps.gateway.connectors.feed.text import NotRows, Text

JSON, JSON_LINES, CSV = "json", "jsonl", "csv"
FORMATS = (JSON, JSON_LINES, CSV)
TYPES = {
    "application/json": JSON,
    "text/json": JSON,
    "application/jsonl": JSON_LINES,
    "application/json-lines": JSON_LINES,
    "application/jsonlines": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/ndjson": JSON_LINES,
    "application/x-ndjson": JSON_LINES,
    "application/json-seq": JSON_LINES,
    "text/csv": CSV,
    "application/csv": CSV,
    "text/tab-separated-values": CSV,
}


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a feed is written: `format` (empty: by its content type and its first sign).

    `delimiter` between the columns of CSV (empty: the one its header uses); `decimal` is the sign
    before decimals in CSV.
    """

    format: str = ""
    delimiter: str = ""
    decimal: str = "."


def rows(text: Text, content_type: str, dialect: Dialect) -> Iterator[Any]:
    """The rows; a broken one is a `Broken`. Raises `NotRows` where the whole cannot be read."""
    first = text.skip_blank()
    match dialect.format or guess(content_type, first):
        case "csv":
            return read_csv(text, delimiter=dialect.delimiter, decimal=dialect.decimal)
        case "json" if first == "[":
            return read_array(text)
        case "json" if not first:
            raise NotRows("it is empty")
        case _:
            return read_values(text)


def guess(content_type: str, first: str) -> str:
    """The format by what the server says; where that says nothing, by the first sign."""
    named = TYPES.get(content_type.partition(";")[0].strip().lower())
    if first == "[":
        return JSON  # also one that is sent as plain text
    if first == "{":
        return JSON if named == JSON else JSON_LINES
    return named or (JSON if first in ("", "<") else CSV)
