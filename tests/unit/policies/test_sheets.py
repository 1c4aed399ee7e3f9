"""Sheets of exchange rates: the European Central Bank's two, and one of our own."""

from datetime import date
from decimal import Decimal

import pytest

from apps.policies.sheets import InvalidSheet, read

DAILY = "Date, USD, JPY, BGN, \n20 November 2026, 1.0521, 178.50, N/A, \n"
LONG = "Date,USD,JPY,BGN,\n2026-11-19,1.05,178,1.9558,\n2026-11-20,1.0521,178.50,N/A,\n"
OWN = "base,quote,rate,as_of,source\nEUR,jpy,178.5,2026-11-20,our bank\n\nkwd,EUR, 2.8 ,2026-11-19,x\n"


@pytest.mark.parametrize(
    "sheet",
    [DAILY, LONG, LONG.replace("\n", "\r\n"), LONG.replace("\n", "\r"), "\n" + LONG],
)
def test_a_sheet_of_the_bank_gives_its_newest_day(sheet):
    """What one euro costs; what has no rate that day is left out."""
    found = read(sheet)
    assert [(r.base, r.quote, r.rate) for r in found] == [
        ("EUR", "USD", Decimal("1.0521")),
        ("EUR", "JPY", Decimal("178.50")),
    ]
    assert {(r.as_of, r.source) for r in found} == {(date(2026, 11, 20), "ECB")}


def test_a_sheet_of_ones_own_has_a_row_a_rate():
    """With its source; case and spaces do not matter, empty lines neither."""
    assert [(r.base, r.quote, r.rate, r.source) for r in read(OWN)] == [
        ("EUR", "JPY", Decimal("178.5"), "our bank"),
        ("KWD", "EUR", Decimal("2.8"), "x"),
    ]


@pytest.mark.parametrize(
    ("sheet", "why"),
    [("", "first line"), ("a,b\n1,2\n", "first line"), ("Date,USD\n", "first line"),
     ("Date,USD\nyesterday,1.1\n", "Line 2: “yesterday” is no day"),
     ("Date,USD\n2026-11-20,1;1\n", "Line 2: “1;1” is no number"),
     ("Date,USD\n2026-11-20,nan\n", "Line 2: “nan” is no number"),
     ("Date,USD\n2026-11-20,1e999999999\n", "Line 2: “1e999999999” is no number"),
     ("Date,USD\n2026-11-20,1_5\n", "Line 2: “1_5” is no number"),
     (f"Date,USD\n2026-11-20,{'1' * 300_000}\n", "This is no CSV"),
     ("base,quote,rate,as_of,source\nEUR,JPY,178\n", "Line 2 has 3 cells"),
     ("base,quote,rate,as_of,source\nEUR,JPY,\"178,5\",2026-11-20,x\n", "Line 2: “178,5” is no")],
)  # fmt: skip
def test_what_is_no_sheet_says_where(sheet, why):
    """The line and what is in it; a comma is never taken for a point."""
    with pytest.raises(InvalidSheet, match=why):
        read(sheet)
