"""Values of records in words: money, numbers, statuses, and labels of fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from apps.agents.playbooks.refund_desk.languages import NAMES as LANGUAGES
from apps.console import reader
from apps.console.presenters.figures import nearest_whole, places
from apps.proposals.changes import flatten

LABELS = {
    "sku": "SKU",
    "number": "Order",
    "email": "Customer",
    "to": "To",
    "body": "Message",
    "quantity": "Stock",
    "fulfillment_status": "Delivery",
    "payment_status": "Payment",
    "in_reply_to": "In reply to",
    "returning": "On its way back",
}
NAMED = {  # fields that hold one value a currency or article
    "prices": "Price",
    "unit_price": "Each",
    "items": "Ordered",
    "returning": "On its way back",
    "returned": "Returned",
}
OF_AN_ITEM = {"line_id": "Article", "quantity": "Pieces"}  # fields of a record in a list
MONEY = frozenset({"amount", "refund", "refunded", "captured", "total", "cost", "price"})
ABSENT = "—"
MOST_PERCENT = 12  # digits before the point: beyond, how far something moved says nothing
LEAST_DOLLARS = Decimal("0.0001")
DIGITS = 30  # before or behind the point of a number that is written out


@dataclass(frozen=True)
class Row:
    """A labelled value as it is shown."""

    label: str
    value: str


def money(amount: object, currency: str = "") -> str:
    """An amount as its reader writes it, in the currency's digits: `€1,234.50`, `1.234,50 €`."""
    number = decimal(amount)
    return str(amount) if number is None else reader.amount(number, currency)


def dollars(amount: Decimal | float) -> str:
    """What models cost, in US dollars: fractions of a cent, too, down to a hundredth of one."""
    exact = Decimal(str(amount))
    if 0 < abs(exact) < LEAST_DOLLARS:
        return f"under {reader.amount(LEAST_DOLLARS, 'USD')}"
    places = 4 if 0 < abs(exact) < 1 else 2
    return reader.amount(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "USD")


def decimal(value: object) -> Decimal | None:
    """The value as a decimal; None where it is not a number, or one no business has.

    `1e9999999` is a short text, and thirteen megabytes written out.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < DIGITS else None


def label(path: str) -> str:
    """The words for a dotted field path: `prices.EUR` is `Price (EUR)`."""
    head, _, rest = path.partition(".")
    if head in NAMED and rest:
        return f"{NAMED[head]} ({rest})"
    if path in LABELS:
        return LABELS[path]
    path = path.replace("_percent", "")  # its value says so
    return path.replace("_", " ").replace(".", " · ").strip().capitalize()


def field_of_item(name: str) -> str:
    """The words for a field of one record of a list."""
    return OF_AN_ITEM.get(name) or label(name.removesuffix("_id"))


def show(path: str, value: object, currency: str = "") -> str:
    """One value in words, by the field it stands in."""
    head, _, rest = path.partition(".")
    if value is None or value == "":
        words = ABSENT
    elif isinstance(value, bool):
        words = "yes" if value else "no"
    elif head == "prices" and rest:
        words = money(value, rest)
    elif head.rsplit("_", 1)[-1] in MONEY and decimal(value) is not None:
        words = money(value, currency)
    elif isinstance(value, (list, Mapping)):
        words = listed(value)
    elif "_percent" in head and decimal(value) is not None:
        words = f"{reader.number(decimal(value) or Decimal())}\u00a0%"
    elif path == "language":
        words = LANGUAGES.get(str(value), str(value))
    else:
        words = str(value).replace("_", " ") if head.endswith("status") else str(value)
    return words


def listed(value: list[Any] | Mapping[str, Any]) -> str:
    """Several values in one line."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {item}" for name, item in value.items()) or ABSENT
    if any(isinstance(item, Mapping) for item in value):
        return "; ".join(listed(part) if isinstance(part, Mapping) else str(part) for part in value)
    return ", ".join(str(item) for item in value) or ABSENT


def movement(before: object, after: object) -> str:
    """How far a number moved, in percent with its sign; empty where that says nothing.

    5.004 % is not told as 5.0 %: it is beyond a limit of 5.
    """
    old, new = decimal(before), decimal(after)
    if not old or new is None or old == new:
        return ""
    moved = (new - old) * 100 / old
    if moved.adjusted() > MOST_PERCENT:
        return ""
    return reader.percent(moved, places(moved, [nearest_whole(moved)], 1), signed=True)


def rows(state: Mapping[str, Any], *, without: frozenset[str] = frozenset()) -> Iterator[Row]:
    """A record's fields in words, without identifiers and those at the given paths."""
    currency = str(state.get("currency") or state.get("cost_currency") or "")
    for path, value in flatten(state):
        if path.partition(".")[0].endswith("_ids"):
            continue
        if path and path not in without and path not in ("currency", "cost_currency"):
            yield Row(label(path), show(path, value, currency))
