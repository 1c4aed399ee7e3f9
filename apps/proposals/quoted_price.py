"""A price that somebody else asks, as evidence carries it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation

FIELD = "price"  # of an entry of the evidence


@dataclass(frozen=True, kw_only=True)
class QuotedPrice:
    """What `source` asks: `amount` in a `currency` (ISO 4217), as text with its digits."""

    source: str
    amount: str
    currency: str

    def as_field(self) -> dict[str, dict[str, str]]:
        """As a field of an entry of the evidence."""
        return {FIELD: asdict(self)}

    @property
    def value(self) -> Decimal:
        """The amount as a number."""
        return Decimal(self.amount)


def quoted_prices(evidence: object) -> Iterable[QuotedPrice]:
    """The prices among the evidence of a proposal; what is none, or of another shape, is left out.

    Evidence recorded before prices had a field of their own has none.
    """
    for entry in evidence if isinstance(evidence, list) else []:
        told = entry.get(FIELD) if isinstance(entry, Mapping) else None
        found = read(told) if isinstance(told, Mapping) else None
        if found is not None:
            yield found


def read(told: Mapping[str, object]) -> QuotedPrice | None:
    """The price a field holds; None if it holds none."""
    price = QuotedPrice(
        source=str(told.get("source") or ""),
        amount=str(told.get("amount") or ""),
        currency=str(told.get("currency") or ""),
    )
    try:
        known = price.value.is_finite()
    except InvalidOperation:
        return None
    return price if known and price.currency else None
