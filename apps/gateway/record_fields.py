"""How values from outside are read: in one canonical way, or refused with what is odd. Pure.

Shops and feeds send null for text, numbers for text and text for numbers. What has one reading is
read; what has none or two raises `ValueError` with words for an operator.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from apps.gateway import email_address
from apps.money import currency

NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?")
TWO_WAYS = re.compile(r"[+-]?[0-9]{1,30}[.,'\u00a0\u202f ][0-9.,'\u00a0\u202f ]*")
SURROGATES = re.compile("[\ud800-\udfff]")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
UNSEEN = " \t\r\n\u00a0\u200b\u2060\ufeff"  # around an identifier: blanks and what is not seen
BEYOND = Decimal(10) ** 12  # no price, stock or quantity is that large
PLACES = 30  # decimals: a shop that computes in binary fractions sends many
LONGEST_NAME = 300  # characters of an identifier
LONGEST_TEXT = 200_000  # characters of a text; the rest is cut off
CUT = " […]"
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MILLISECONDS = 10**11  # a Unix time from here on counts those: in seconds it would be year 5138


def shown(value: Any) -> str:
    """A value for a sentence: short, on one line."""
    text = CONTROLS.sub(" ", clean(value) if isinstance(value, str) else str(value))
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def clean(text: str) -> str:
    """The text as a database can keep it: without NUL and halves of letters, and not endless."""
    if len(text) <= LONGEST_TEXT and text.isprintable():
        return text
    if SURROGATES.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.replace("\0", "")
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + CUT


def words(value: Any) -> str:
    """A text; null is none, a number is its digits."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"a text was expected, not {kind_of(value)}")
    return str(value)


def one_line(value: Any) -> str:
    """A text without line breaks and control characters."""
    found = words(value)
    return (found if found.isprintable() else CONTROLS.sub(" ", found)).strip()


def name(value: Any) -> str:
    """An identifier such as a SKU, without the blanks around it; null is none, and so is "".

    A whole number is its digits. A decimal one is refused: nobody knows how it was written.
    """
    if isinstance(value, float | Decimal):
        raise ValueError(f"{shown(value)} is a decimal number, not an identifier")
    if isinstance(value, str) and ("\0" in value or SURROGATES.search(value)):
        raise ValueError(f"{shown(value)} holds what is no letter")
    found = words(value).strip(UNSEEN)
    if len(found) > LONGEST_NAME:
        raise ValueError(f"{shown(found)} is too long ({len(found)} characters)")
    if not found.isprintable() or "\ufffd" in found:
        raise ValueError(f"{shown(found)} holds what is no letter")
    return found


def number(value: Any) -> Decimal:
    """A number, exactly. Text has to be written as machines write it: `12.50`, not `12,50`."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"a number was expected, not {kind_of(value)}")
    text = value.strip() if isinstance(value, str) else str(value)
    if not NUMBER.fullmatch(text):
        if TWO_WAYS.fullmatch(text):
            raise ValueError(f"{shown(text)} can be read in more than one way; write it as 1234.50")
        raise ValueError(f"{shown(text)} is not a number")
    found = Decimal(text)
    if found and not -PLACES <= found.adjusted() < BEYOND.adjusted():
        raise ValueError(f"{shown(text)} is beyond anything there is")
    return Decimal(f"{found:f}")


def plain(amount: Decimal) -> Decimal:
    """The number without an exponent and without zeros at its end: 1.5 and 100."""
    return Decimal(f"{amount.normalize():f}") if amount else Decimal(0)


def not_negative(found: Decimal) -> Decimal:
    """Refuse what is below zero."""
    if found < 0:
        raise ValueError(f"{shown(found)} is below zero")
    return found


def whole(found: Decimal) -> int:
    """Refuse a part of a piece."""
    if found != found.to_integral_value():
        raise ValueError(f"{shown(found)} is not a whole number")
    return int(found)


def moment(value: Any) -> datetime:
    """A time in UTC. One without a zone is meant in UTC; a number is a Unix time (s or ms).

    Text is ISO 8601, or as mail writes it (RFC 5322). Raises `ValueError`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str | datetime):
        raise ValueError(f"a time was expected, not {kind_of(value)}")
    try:
        found = read_moment(value)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError) as error:
        raise ValueError(f"{shown(value)} is not a time such as 2026-11-30T12:00:00Z") from error
    if not EARLIEST <= found < LATEST:
        raise ValueError(f"{shown(value)} is no time anything happened")
    return found


def read_moment(value: int | float | Decimal | str | datetime) -> datetime:
    """What a time is in whatever zone it names, if any."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        text = value.strip()[:100]
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            return parsedate_to_datetime(text)
    seconds = float(value)
    if abs(seconds) >= MILLISECONDS:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def sender(found: str) -> str:
    """The bare address a message can be answered at; empty where there is none or several."""
    try:
        return email_address.bare(found)
    except (email_address.NoAddress, email_address.SeveralAddresses):
        return ""


def present(found: str) -> str:
    """Refuse an identifier that is none."""
    if not found:
        raise ValueError("it is empty")
    return found


def optional_name(value: Any) -> str | None:
    """An identifier, or None where there is none."""
    return name(value) or None


def code(value: Any) -> str:
    """A currency's code (ISO 4217) in upper case."""
    found = name(value).upper()
    currency.minor_units(found)
    return found


def exact(amount: Decimal, code: str) -> Decimal:
    """The amount with the currency's decimals; with more where it really has more: never rounded.

    Raises `ValueError` for an unknown currency.
    """
    return currency.fit(amount, code) if currency.fits(amount, code) else plain(amount)


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    kinds = {bool: "true or false", type(None): "nothing", list: "a list", dict: "an object",
             str: "a text"}  # fmt: skip
    return kinds.get(type(value), "a number")


MOST_REFERENCES = 50  # the newest come last


def message_ids(value: object) -> tuple[str, ...]:
    """Identifiers of messages, from a header as text or a list; what is none is left out.

    They only say what a message continues: nothing is set aside for their sake.
    """
    listed = value.split() if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        return ()
    found = (clean(part).strip() for part in listed if isinstance(part, str))
    return tuple(reference for reference in found if reference)[-MOST_REFERENCES:]


Words = Annotated[str, BeforeValidator(words)]
MessageIds = Annotated[tuple[str, ...], BeforeValidator(message_ids)]
Line = Annotated[str, BeforeValidator(one_line)]
Name = Annotated[str, BeforeValidator(name)]
Identifier = Annotated[str, BeforeValidator(name), AfterValidator(present)]
Sku = Annotated[str, BeforeValidator(words), AfterValidator(lambda sku: sku.strip(UNSEEN))]
Address = Annotated[str, BeforeValidator(one_line), AfterValidator(email_address.tidy)]
Sender = Annotated[str, BeforeValidator(one_line), AfterValidator(sender)]
OptionalName = Annotated[str | None, BeforeValidator(optional_name)]
Code = Annotated[str, BeforeValidator(code)]
Moment = Annotated[datetime, BeforeValidator(moment)]
Number = Annotated[Decimal, BeforeValidator(number)]
Amount = Annotated[Decimal, BeforeValidator(number), AfterValidator(not_negative)]
# Of goods by the piece, the metre, the kilogram
Quantity = Annotated[
    Decimal, BeforeValidator(number), AfterValidator(not_negative), AfterValidator(plain)
]
