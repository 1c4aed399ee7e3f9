"""Reading rows one by one: good ones are kept, odd ones are set aside with their reason. Pure.

One row that cannot be read must never hide the others, and must not vanish either: what was wrong
with which row is carried along, for whoever runs the shop.
"""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from apps.gateway.errors import BadAnswer
from apps.gateway.record_fields import clean
from apps.gateway.records import Record

LISTED = 200  # odd rows of one reading that are told one by one; the others are counted
EXCERPT = 600  # characters of a row that are shown
VALUE = 80  # characters of one of its values
NAMES = ("id", "message_id", "sku", "source", "currency", "display_id")  # which row it is
SECRET = re.compile(r"pass|secret|token|auth|api_?key|iban|card|cvc|cvv", re.IGNORECASE)

Note = Callable[[str], None]
Reader = Callable[[Any, Note], Record]  # what it can do without it notes; else `ValueError`


@dataclass(frozen=True, kw_only=True)
class OddRow:
    """A row that was left out, or with `is_read` one that was read without a part of it.

    `place` is where it stood; `identity` the same for the same row of a later reading; `excerpt`
    the row as JSON, cut, without what looks like a secret.
    """

    place: str
    identity: str
    reason: str
    excerpt: str
    is_read: bool


class Rows(list[Record]):
    """Records that were read, and `odd`: the rows that were not, or not in full.

    `odd` holds the first 200; `odd_count` counts all of them, `left_out` those that gave no record.
    """

    def __init__(self, records: Sequence[Record] = ()) -> None:
        super().__init__(records)
        self.odd: list[OddRow] = []
        self.odd_count = 0
        self.left_out = 0

    def read(self, row: Any, reader: Reader, *, place: str) -> Record | None:
        """The row as a record, which is not added yet; None, and set aside, where it is none."""
        noted: list[str] = []
        try:
            record = reader(row, noted.append)
        except (ValueError, BadAnswer) as error:
            self.set_aside(row, explain(error), place=place)
            return None
        if noted:
            self.note(row, "; ".join(noted), place=place, is_read=True)
        return record

    def take(self, row: Any, reader: Reader, *, place: str) -> None:
        """Read the row and add its record, if it gives one."""
        record = self.read(row, reader, place=place)
        if record is not None:
            self.append(record)

    def set_aside(self, row: Any, reason: str, *, place: str) -> None:
        """Note a row that gives no record."""
        self.left_out += 1
        self.note(row, reason, place=place, is_read=False)

    def note(self, row: Any, reason: str, *, place: str, is_read: bool) -> None:
        """Count an odd row; the first ones with everything that is told of them."""
        self.odd_count += 1
        if len(self.odd) < LISTED:
            odd = OddRow(
                place=place,
                identity=identify(row, reason),
                reason=clean(reason)[:500],
                excerpt=excerpt(row),
                is_read=is_read,
            )
            self.odd.append(odd)


def odd_of(records: Sequence[Record]) -> tuple[list[OddRow], int]:
    """The odd rows that came with these records, and how many there were in all."""
    return (records.odd, records.odd_count) if isinstance(records, Rows) else ([], 0)


def explain(error: Exception) -> str:
    """What was odd, naming the field: `amount: “n/a” is not a number`."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{where} is missing"
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def identify(row: Any, reason: str) -> str:
    """SHA-256 of what names the row and of the field it stumbled at; of all of it without names.

    So that a row which comes again with another time in it is still the same row.
    """
    fields = row if isinstance(row, dict) else {}
    named = {name: fields[name] for name in NAMES if fields.get(name) not in (None, "")}
    what = [named, reason.partition(":")[0]] if named else row
    return hashlib.sha256(dump(what).encode()).hexdigest()


def excerpt(row: Any) -> str:
    """The row in short: JSON with long values cut and what looks like a secret left out."""
    if isinstance(row, str):
        return clean(row[:EXCERPT])
    text = dump(shorten(row, depth=4))
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "…"


def shorten(value: Any, *, depth: int) -> Any:
    """A value small enough to be shown."""
    if isinstance(value, dict):
        return {
            str(name)[:VALUE]: "[not shown]" if SECRET.search(str(name)) else
            shorten(inner, depth=depth - 1) if depth else "…"
            for name, inner in list(value.items())[:40]
        }  # fmt: skip
    if isinstance(value, list):
        return [shorten(inner, depth=depth - 1) for inner in value[:10]] if depth else ["…"]
    text = value if isinstance(value, str) else dump(value)
    if len(text) > VALUE:
        return clean(text[:VALUE]) + "…"
    return clean(value) if isinstance(value, str) else value


def dump(value: Any) -> str:
    """Canonical JSON of whatever was read."""
    return clean(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str))
