"""The amount at stake, typed by who approves it: "1,234.50", "1.234,50 EUR", "€ 30". Pure."""

from decimal import Decimal

from apps.money.currency import is_currency, written
from apps.money.typed import NotAnAmount, parse, parse_number


def names_amount(text: str, amount: Decimal | None, currency: str) -> bool:
    """Whether the text is exactly this amount of money; never where no amount is at stake.

    Another currency, what can be read in two ways, or anything else, is a no.
    """
    try:
        return amount is not None and read(text, amount, currency) == amount
    except NotAnAmount:
        return False


def read(text: str, amount: Decimal, currency: str) -> Decimal:
    """The amount somebody typed who was shown this one.

    What they were shown, `12.345` dinars, can be typed as it stands there. In a currency nobody
    knows only the number counts. Raises `Ambiguous`, `NotAnAmount`.
    """
    if text.strip() == written(amount, currency):
        return amount
    return parse(text, currency=currency) if is_currency(currency) else parse_number(text)
