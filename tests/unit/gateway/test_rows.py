"""Odd rows: set aside with their reason, and never in the way of the others."""

from typing import Any

import pytest

from apps.gateway.price_rows import price_of
from apps.gateway.records import CompetitorPrice
from apps.gateway.rows import EXCERPT, LISTED, Note, Rows, excerpt, identify, odd_of
from tests.factories.outside import price_row


def reader(row: Any, note: Note) -> CompetitorPrice:
    """Reads a price; without a source it is noted."""
    if isinstance(row, dict) and not row.get("source"):
        note("source: nobody says whose price it is")
    return price_of(row, note)


def read(*given: Any) -> Rows:
    rows = Rows()
    for number, row in enumerate(given, start=1):
        rows.take(row, reader, place=f"row {number}")
    return rows


def test_one_odd_row_does_not_hide_the_others() -> None:
    """It is told with where it stood, what was wrong, and what it said."""
    rows = read(price_row("A"), price_row("B", "n/a"), price_row("C"))
    assert [row.sku for row in rows] == ["A", "C"]
    (odd,) = rows.odd
    assert (odd.place, odd.reason, odd.is_read) == ("row 2", "amount: “n/a” is not a number", False)
    assert '"sku": "B"' in odd.excerpt
    assert (rows.odd_count, rows.left_out) == (1, 1)
    assert odd_of(rows) == (rows.odd, 1)
    assert odd_of([]) == ([], 0)


def test_a_row_can_be_read_without_a_part_of_it() -> None:
    """Then it is both: read, and told."""
    rows = read(price_row("A", source=""))
    assert len(rows) == 1
    assert (rows.odd[0].is_read, rows.left_out) == (True, 0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"sku": "A"}, "currency is missing"),
        (price_row(""), "sku: it is empty, so nobody knows what has this price"),
        (price_row(None), "sku: it is empty, so nobody knows what has this price"),
        (price_row("A", "12,50"), "amount: “12,50” can be read in more than one way; write it as 1234.50"),
        (price_row("A", currency="XXL"), "currency: “XXL” is no currency code of ISO 4217, such as EUR."),
        (price_row("A", "-1"), "amount: “-1” is below zero"),
        (price_row("A", True), "amount: a number was expected, not true or false"),
        ([1, 2], "a price was expected, not a list"),
        (None, "a price was expected, not nothing"),
        ("text", "a price was expected, not a text"),
    ],
)  # fmt: skip
def test_reasons_are_in_words(row: Any, reason: str) -> None:
    """For somebody who has never seen a stack trace."""
    (odd,) = read(row).odd
    assert odd.reason == reason


def test_an_amount_its_currency_does_not_have_is_not_rounded() -> None:
    """1.299 EUR may be a thousand; 15.5 yen are nothing anybody pays."""
    rows = read(price_row("A", "1.299"), price_row("B", "15.5", currency="JPY"),
                price_row("C", "1.255", currency="KWD"), price_row("D", "9.500"))  # fmt: skip
    assert [(row.sku, str(row.amount)) for row in rows] == [("C", "1.255"), ("D", "9.50")]
    assert "1.29 or 1.30 would be" in rows.odd[0].reason


def test_ten_thousand_odd_rows_take_no_more_room_than_two_hundred() -> None:
    """They are all counted."""
    rows = read(*[price_row("")] * 10_000)
    assert (len(rows.odd), rows.odd_count) == (LISTED, 10_000)


def test_the_same_row_is_known_again() -> None:
    """With another time in it, too; not with something else wrong."""
    row = price_row("A", "n/a")
    same = identify({**row, "seen_at": "2027-01-01"}, "amount: “n/a” is not a number")
    assert identify(row, "amount: whatever") == same
    assert identify(row, "currency: whatever") != same
    assert identify(price_row("B", "n/a"), "amount: whatever") != same
    assert identify([1], "") != identify([2], "")


def test_an_excerpt_is_short_and_holds_no_secret() -> None:
    """Nor anything a page or a database chokes on."""
    row = {"sku": "A", "api_key": "sk_live_1", "card": {"number": "4111"}, "text": "x" * 10_000,
           "nul": "a\0b\ud800", "list": list(range(1_000)), "deep": {"a": {"b": {"c": {"d": {}}}}}}  # fmt: skip
    text = excerpt(row)
    assert len(text) <= EXCERPT + 1
    assert "sk_live_1" not in text
    assert "4111" not in text
    text.encode()
    assert "\0" not in text
    assert len(excerpt("y" * 10_000)) == EXCERPT
