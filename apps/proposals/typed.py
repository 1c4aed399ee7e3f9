"""An amount as people type it: "1,234.50", "1.234,50 EUR", "€ 30". Pure."""

import re
from decimal import Decimal

SYMBOLS = {"€": {"EUR"}, "£": {"GBP"}, "$": {"USD", "CAD", "AUD", "NZD"}}
NUMBER = re.compile(r"(?P<whole>[0-9]+|[0-9]{1,3}(?P<group>[ .,'’])[0-9]{3}(?:(?P=group)[0-9]{3})*)"
                    r"(?:(?P<point>[.,])(?P<cents>[0-9]{1,2}))?")  # fmt: skip
MONEY = re.compile(r"(?P<before>[A-Za-z]{3}|[€£$])?\s*(?P<number>[0-9][0-9 .,'’]*?)\s*"
                   r"(?P<after>[A-Za-z]{3}|[€£$])?")  # fmt: skip


def names_amount(text: str, amount: Decimal | None, currency: str) -> bool:
    """Whether the text is exactly this amount of money; never where no amount is at stake.

    Thousands may be grouped, cents follow a point or a comma, a currency may stand on one side;
    the wrong one, or anything else, is a no.
    """
    if amount is None:
        return False
    money = MONEY.fullmatch(" ".join(text.split()))
    if money is None or (money["before"] and money["after"]):
        return False
    named = money["before"] or money["after"]
    if named and currency not in SYMBOLS.get(named, {named.upper()}):
        return False
    return parse(money["number"]) == amount


def parse(text: str) -> Decimal | None:
    """The number, or None. One separator with three digits behind it groups thousands."""
    number = NUMBER.fullmatch(text)
    if number is None or (number["group"] and number["group"] == number["point"]):
        return None
    whole = re.sub(r"[^0-9]", "", number["whole"])
    return Decimal(f"{whole}.{number['cents'] or '0'}")
