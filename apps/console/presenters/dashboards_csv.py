"""Tables for spreadsheets: UTF-8 with a byte order mark, and no cell that is taken for a formula.

Pure. Excel reads UTF-8 only behind the mark; a text that begins like a formula gets an apostrophe
before it (OWASP, CSV injection), a negative number stays a number. Where Excel takes a semicolon
for the end of a cell, as in most of Europe, what stands behind one begins a cell as well.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

MARK = "\ufeff"
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
STARTS = (*SIGNS, "\t", "\r", "\n")
BEHIND = re.compile(rf"(?:;|(?!^)[\t\r\n])\s*(?=[{re.escape(''.join(SIGNS))}])")

Value = str | int | float | date | datetime | None


def line(values: Sequence[Value]) -> str:
    """One line, with its end."""
    out = io.StringIO()
    csv.writer(out).writerow([safe(value) for value in values])
    return out.getvalue()


def lines(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterable[str]:
    """The mark, the heads of the columns and the rows."""
    yield MARK + line(columns)
    for row in rows:
        yield line(row)


def safe(value: Value) -> str | int | float:
    """The value as it may stand in a cell."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, (int, float)):
        return value
    text = BEHIND.sub(r"\g<0>'", str(value))
    return f"'{text}" if text.lstrip(" ").startswith(STARTS) else text
