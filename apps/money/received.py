"""Amounts as programs send them: JSON numbers, or text with a point before the decimals. Pure.

A number has one meaning. A text is read as `typed` reads it, too: where the two differ, as with
`1.000` euros, it is asked back. The currency's own canonical text, as we write it, is never asked
back: `1.255` in a currency with three decimals is that.
"""

import re
from decimal import Decimal

from apps.money import currency as currencies
from apps.money.typed import Ambiguous, NotAnAmount, in_digits, parse

DIGITS = r"[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30}"
NUMERAL = re.compile(rf"[+-]?(?:{DIGITS})(?:[eE][+-]?[0-9]{{1,2}})?")


def read(value: object, *, currency: str) -> Decimal:
    """The amount with the currency's decimals, of an int, float, Decimal or text.

    A float is what it is written as: 25.5 is 25.50, and 0.1 + 0.2 is no amount of money. Raises
    `Ambiguous`, `NotAnAmount`, `UnknownCurrency`.
    """
    if isinstance(value, str):
        return read_text(value.strip(), currency=currency)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise NotAnAmount('An amount is a number, or a text like "1250.50".')
    return fitted(Decimal(value) if isinstance(value, int) else Decimal(str(value)), currency)


def read_text(text: str, *, currency: str) -> Decimal:
    """The amount a text names. Raises what `read` raises."""
    exact = Decimal(text) if NUMERAL.fullmatch(text) else None
    if exact is None:
        return parse(text, currency=currency)
    if currencies.fits(exact, currency) and text == currencies.text(exact, currency):
        return currencies.fit(exact, currency)
    try:
        human = parse(text, currency=currency)
    except Ambiguous:
        raise
    except NotAnAmount:  # 1e2, or decimals the currency has not
        return fitted(exact, currency)
    if human != exact:
        raise Ambiguous(text[:40], [in_digits(exact, currency), human])
    return human


def fitted(amount: Decimal, currency: str) -> Decimal:
    """The amount in the currency's digits. Raises `NotAnAmount`, `UnknownCurrency`."""
    try:
        return currencies.fit(amount, currency)
    except currencies.UnfitAmount as error:
        raise NotAnAmount(str(error)) from error
