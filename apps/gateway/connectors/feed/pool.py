"""A hundred thousand records in the memory of ten thousand: what is equal is kept once."""

from decimal import Decimal
from typing import Any, TypeVar

from apps.gateway.records import Record

NAMING = "sku"  # differs in every record
MOST = 20_000  # values that are remembered
OneRecord = TypeVar("OneRecord", bound=Record)


class Pool:
    """The values of the records of one reading.

    Measured with 100,000 competitor prices: 40 MB where pydantic's own instances take 140, most of
    them for the set of the names of the given fields that each one has of its own.
    """

    def __init__(self) -> None:
        self._values: dict[Any, Any] = {}
        self._fields: dict[frozenset[str], set[str]] = {}

    def compact(self, record: OneRecord) -> OneRecord:
        """The same record, which shares with the others what it has in common with them."""
        slim = type(record).__new__(type(record))
        for name, value in record.__dict__.items():
            object.__setattr__(slim, name, value if name == NAMING else self.share(value))
        given = record.__pydantic_fields_set__
        given = self._fields.setdefault(frozenset(given), given)
        object.__setattr__(slim, "__pydantic_fields_set__", given)
        object.__setattr__(slim, "__pydantic_extra__", None)
        object.__setattr__(slim, "__pydantic_private__", None)
        return slim

    def share(self, value: Any) -> Any:
        """An equal value with equal digits; 10 and 10.00 are not the same amount."""
        key = str(value) if isinstance(value, Decimal) else value
        if len(self._values) < MOST:
            return self._values.setdefault(key, value)
        return self._values.get(key, value)
