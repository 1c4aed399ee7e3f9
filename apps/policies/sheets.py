"""Sheets of exchange rates as CSV: the European Central Bank's, and a row a rate. Pure."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from apps.policies.exchange import Rate

ROWS = ["base", "quote", "rate", "as_of", "source"]
BANK = "ECB"
BASE_OF_BANK = "EUR"  # its rates are what one euro costs
DAYS = ("%Y-%m-%d", "%d %B %Y")  # as in its long sheet, and in its daily one
NOT_GIVEN = ("", "N/A", "-")
NUMBER = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,30})?")


class InvalidSheet(ValueError):
    """The text is no sheet of exchange rates; the message says what was expected where."""


def read(text: str) -> list[Rate]:
    """The rates of a sheet; of one with several days only the newest day's.

    Either `base,quote,rate,as_of,source` with a row a rate, or as the European Central Bank
    publishes it: `Date,USD,JPY,...`, with what one euro costs. Raises `InvalidSheet`.
    """
    lines = io.StringIO(text.strip(), newline=None)  # whatever ends a line
    try:
        rows = [row for row in csv.reader(lines) if any(map(str.strip, row))]
    except csv.Error as error:
        raise InvalidSheet(f"This is no CSV: {error}.") from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    if [cell.lower() for cell in head] == ROWS:
        return list(by_row(rows[1:]))
    if head and head[0].lower() == "date" and len(rows) > 1:
        return list(by_bank(head, rows[1:]))
    raise InvalidSheet(f"The first line has to be {','.join(ROWS)} or Date,USD,JPY,… as the ECB's.")


def by_row(rows: list[list[str]]) -> Iterator[Rate]:
    """A rate of each row."""
    for number, row in enumerate(rows, start=2):
        cells = [cell.strip() for cell in row]
        if len(cells) != len(ROWS):
            raise InvalidSheet(f"Line {number} has {len(cells)} cells instead of {len(ROWS)}.")
        base, quote, rate, as_of, source = cells
        yield Rate(
            base=base.upper(),
            quote=quote.upper(),
            rate=number_in(rate, number),
            as_of=day_in(as_of, number),
            source=source,
        )


def by_bank(head: list[str], rows: list[list[str]]) -> Iterator[Rate]:
    """The rates of the newest day; currencies without one that day are left out."""
    days = [(day_in(row[0], number), number, row) for number, row in enumerate(rows, start=2)]
    as_of, number, row = max(days, key=lambda pair: pair[0])
    for code, cell in zip(head[1:], row[1:], strict=False):
        if code and cell.strip() not in NOT_GIVEN:
            yield Rate(
                base=BASE_OF_BANK,
                quote=code.upper(),
                rate=number_in(cell, number),
                as_of=as_of,
                source=BANK,
            )


def number_in(cell: str, line: int) -> Decimal:
    """The number in a cell: digits with a point. Raises `InvalidSheet`."""
    if not NUMBER.fullmatch(cell.strip()):
        raise InvalidSheet(f"Line {line}: “{cell[:20]}” is no number with a point.")
    return Decimal(cell.strip())


def day_in(cell: str, line: int) -> date:
    """The day in a cell. Raises `InvalidSheet`."""
    for form in DAYS:
        try:
            return datetime.strptime(cell.strip(), form).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    raise InvalidSheet(f"Line {line}: “{cell[:20]}” is no day such as 2026-11-30.")
