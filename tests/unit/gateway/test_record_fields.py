"""How single values from outside are read, and when they are refused."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.gateway import record_fields as fields

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), ("a", "a"), (7, "7"), (Decimal("1.50"), "1.50"), ("a\0b", "ab"),
     ("\ud83d", "\ufffd"), ("\ud83d\ude00", "\U0001f600")],
)  # fmt: skip
def test_words(value: Any, text: str) -> None:
    """Null is no text, numbers are their digits, and what no database keeps is taken out."""
    assert fields.words(value) == text
    fields.words(value).encode()


def test_a_huge_text_is_cut() -> None:
    """And says so at its end."""
    found = fields.words("x" * (fields.LONGEST_TEXT + 1))
    assert found.endswith(fields.CUT)
    assert len(found) < fields.LONGEST_TEXT + 10


@pytest.mark.parametrize("value", [True, [], {}, ["a"]])
def test_what_is_no_text(value: Any) -> None:
    """True is no text either."""
    with pytest.raises(ValueError, match="a text was expected, not"):
        fields.words(value)


@pytest.mark.parametrize(
    ("value", "name"),
    [("MUG", "MUG"), (" MUG\u200b ", "MUG"), (12345, "12345"), (None, ""), ("0012", "0012")],
)
def test_names(value: Any, name: str) -> None:
    """An identifier has nothing unseen around it."""
    assert fields.name(value) == name


@pytest.mark.parametrize("value", [True, 1.5, Decimal("1.0"), "a\nb", "x" * 301, "\ud800", []])
def test_what_is_no_name(value: Any) -> None:
    """A decimal number was once some text that nobody knows."""
    with pytest.raises(ValueError):
        fields.name(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [(12, "12"), ("12.50", "12.50"), (Decimal("12.5"), "12.5"), ("1e3", "1000"), (-3, "-3"),
     (0.1, "0.1"), (" 7 ", "7"), ("+1", "1"), ("0", "0"), ("19.999999999999996", "19.999999999999996")],
)  # fmt: skip
def test_numbers(value: Any, number: str) -> None:
    """Exactly, with the digits they came with."""
    assert str(fields.number(value)) == number


@pytest.mark.parametrize(
    ("value", "why"),
    [("12,50", "more than one way"), ("1,000", "more than one way"), ("1.234,50", "more than one"),
     ("1 000", "more than one way"), ("n/a", "not a number"), ("", "not a number"),
     ("12.50 EUR", "not a number"), ("NaN", "not a number"), (float("nan"), "not a number"),
     (float("inf"), "not a number"), (Decimal("Infinity"), "not a number"),
     ("1e30", "beyond anything"), (Decimal("1E+30"), "beyond"), ("1e-90", "beyond"),
     (10**12, "beyond anything"), ("9" * 29, "beyond"), ("9" * 99, "not a number"),
     ("1e999999999", "not a number"), ("١٢", "not a number"), ("0x10", "not a number"),
     (True, "not true or false"), (None, "not nothing"), ([], "not a list"), ({}, "not an object")],
)  # fmt: skip
def test_what_is_no_number(value: Any, why: str) -> None:
    """What can be read two ways is not guessed; the words name it, and are short."""
    with pytest.raises(ValueError, match=why) as error:
        fields.number(value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "value",
    ["2026-11-30T12:00:00Z", "2026-11-30T12:00:00", "2026-11-30 12:00", "2026-11-30T13:00:00+01:00",
     "Mon, 30 Nov 2026 12:00:00 +0000", "Mon, 30 Nov 2026 13:00:00 +0100", 1796040000,
     1796040000000, 1796040000.0, Decimal(1796040000), NOON, NOON.replace(tzinfo=None)],
)  # fmt: skip
def test_moments(value: Any) -> None:
    """A time without a zone is in UTC; a number counts from 1970."""
    found = fields.moment(value)
    assert (found, found.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    "value",
    ["soon", "", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2026-13-01", 1e30, 10**19,
     -1, True, None, [], float("nan"), Decimal("NaN"), "x" * 10_000, "30/11/2026"],
)  # fmt: skip
def test_what_is_no_moment(value: Any) -> None:
    """Nor is what nobody can mean."""
    with pytest.raises(ValueError) as error:
        fields.moment(value)
    assert len(str(error.value)) < 200


def test_quantities_are_canonical() -> None:
    """1.50 m are 1.5 m, and a hundred is no power of ten."""
    assert str(fields.plain(Decimal("1.50"))) == "1.5"
    assert str(fields.plain(Decimal("1E+2"))) == "100"
    assert str(fields.plain(Decimal("0.00"))) == "0"


def test_currencies() -> None:
    """Of ISO 4217; an amount has its digits, or more where it really does."""
    assert fields.code(" eur ") == "EUR"
    for odd in ("XXL", "€", "", None, 978, True):
        with pytest.raises(ValueError):
            fields.code(odd)
    assert str(fields.exact(Decimal(20), "EUR")) == "20.00"
    assert str(fields.exact(Decimal(1000), "JPY")) == "1000"
    assert str(fields.exact(Decimal("1.2550"), "KWD")) == "1.255"
    assert str(fields.exact(Decimal("8.4034"), "EUR")) == "8.4034"
