"""Listings of Medusa, page by page: each row read for itself, exact look-ups looked up to the end.

Medusa ignores filters it does not know and its text search finds what merely contains the text. So
what is asked for exactly is compared here, and the limit counts only what really fits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from apps.gateway.connectors.base import BadAnswer, Refused
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.responses import Page, check
from apps.gateway.records import Record
from apps.gateway.rows import Reader, Rows

PAGE = 200  # rows of one call
MOST_ROWS = 10_000  # that are looked through for an exact look-up


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A listing: its path and the `name` of its rows, `query` as Medusa takes it, who reads a row.

    `fits` says whether a record is one that was asked for; None: the shop's word is enough.
    """

    path: str
    name: str
    query: dict[str, str]
    reader: Reader
    fits: Callable[[Any], bool] | None = None

    def read(self, api: AdminApi, limit: int | None) -> Rows:
        """Up to `limit` records (None: all of them), with the rows that could not be read.

        Raises `Refused` (too_many) for an exact look-up that 10,000 rows did not answer.
        """
        found = Rows()
        at_once = PAGE if limit is None or self.fits else min(PAGE, max(int(limit), 1))
        for number, row in enumerate(self.rows(api, at_once), start=1):
            if limit is not None and len(found) >= limit:
                break
            if self.fits and number > MOST_ROWS:
                raise Refused(
                    f"The shop found more than {MOST_ROWS} {self.name} that look alike, and not "
                    f"enough that fit exactly were among them. Ask for something narrower.",
                    code="too_many",
                )
            record = found.read(row, self.reader, place=f"{self.name}, row {number}")
            if record is not None and (self.fits is None or self.fits(record)):
                found.append(record)
        return found

    def rows(self, api: AdminApi, at_once: int) -> Iterator[Any]:
        """Rows page by page, each once, until the end: an empty page, or one that says so.

        `at_once` on the first page, then as many as go on one: who asks for one row and gets an odd
        one is not answered row by row.
        """
        seen: set[str | None] = set()
        offset = 0
        while True:
            answer = api.get(path(self.path), limit=at_once, offset=offset, **self.query)
            rows = answer.get(self.name)
            if not isinstance(rows, list):
                raise BadAnswer(f"Medusa's listing has no '{self.name}'.")
            fresh = [row for row in rows if name_of(row) not in seen]
            seen |= {name_of(row) for row in fresh} - {None}
            yield from fresh
            offset, at_once = offset + len(rows), PAGE
            if not fresh or offset >= check(Page, answer).count:
                return


def name_of(row: Any) -> str | None:
    """By what a row is known again that moved to a later page when others were added meanwhile."""
    identifier = row.get("id") if isinstance(row, dict) else None
    return identifier if isinstance(identifier, str) else None


def merge(parts: list[Rows], order: Callable[[Record], Any], limit: int | None) -> Rows:
    """Several answers to one question as one, in order."""
    found = Rows(sorted((record for part in parts for record in part), key=order)[:limit])
    for part in parts:
        found.odd += part.odd
        found.odd_count += part.odd_count
        found.left_out += part.left_out
    return found
