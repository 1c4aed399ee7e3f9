"""In whose locale numbers and amounts of a page are written: the one place that knows the reader.

A page's words stay English; its figures are written as the reader writes them: as they have chosen,
else as their browser asks. Programs, spreadsheets and the audit log get plain figures instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from apps.accounts.models import User
from apps.money import display

LOCALE: ContextVar[str] = ContextVar("locale", default=display.DEFAULT)


@contextmanager
def writing_for(locale: str) -> Iterator[None]:
    """Write figures for a reader of this locale while this lasts."""
    before = LOCALE.set(locale)
    try:
        yield
    finally:
        LOCALE.reset(before)


def locale_of(user: User, request: HttpRequest) -> str:
    """What the person has chosen, else what their browser asks for and we know, else English."""
    if user.locale:
        return user.locale
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return display.negotiate([language for language, _ in accepted], list(display.LOCALES))


def amount(value: Decimal, currency: str) -> str:
    """An amount with all its digits: `€1,234.50`, `1.234,50 €`."""
    return display.amount(value, currency, LOCALE.get())


def number(value: Decimal | float, places: int | None = None, *, signed: bool = False) -> str:
    """A number, rounded to so many places if that is said; with a real sign if asked for."""
    exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    text = display.number(abs(exact), LOCALE.get(), places=places)
    is_less = exact < 0
    sign = "−" if is_less else "+" if signed else ""
    return f"{sign}{text}"


def percent(value: Decimal | float, places: int = 1, *, signed: bool = False) -> str:
    """A percentage to so many places, with a real sign if asked for."""
    return f"{number(value, places, signed=signed)}\u00a0%"
