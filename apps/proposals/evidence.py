"""What the evidence of a proposal says to the product: doubts, and prices others ask. Pure.

Evidence is a list of entries with a `kind`, a `title` and more; it may be anybody's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation

# kinds of evidence for which a person has to look, whatever the policy allows
STALE = "stale"  # planned from an older answer
BEYOND = "beyond"  # a model asked for what is not of its case
DISSENT = "dissent"  # a model and the rules came to different things
UNMEASURED = "unmeasured"  # a model's own word, which too few people have judged
REFERRED = "referred"  # the proposer asks a person to look, and says why
DOUBTS = frozenset({STALE, BEYOND, DISSENT, UNMEASURED, REFERRED})
PRICE = "price"  # the field of an entry that holds a price


def rests_on_stale(evidence: Iterable[object]) -> bool:
    """Whether any of the evidence says that it was planned from an older answer."""
    return any(
        isinstance(exhibit, Mapping) and exhibit.get("kind") == STALE for exhibit in evidence
    )


def is_doubted(evidence: Iterable[object]) -> bool:
    """Whether any of the evidence has a person look."""
    return any(
        isinstance(exhibit, Mapping) and exhibit.get("kind") in DOUBTS for exhibit in evidence
    )


@dataclass(frozen=True, kw_only=True)
class QuotedPrice:
    """What `source` asks: `amount` in a `currency` (ISO 4217), as text with its digits."""

    source: str
    amount: str
    currency: str

    def as_field(self) -> dict[str, dict[str, str]]:
        """As a field of an entry of the evidence."""
        return {PRICE: asdict(self)}

    @property
    def value(self) -> Decimal:
        """The amount as a number."""
        return Decimal(self.amount)


def quoted_prices(evidence: object) -> Iterable[QuotedPrice]:
    """The prices among the evidence of a proposal; what is none, or of another shape, is left out.

    Evidence recorded before prices had a field of their own has none.
    """
    for entry in evidence if isinstance(evidence, list) else []:
        told = entry.get(PRICE) if isinstance(entry, Mapping) else None
        found = read_price(told) if isinstance(told, Mapping) else None
        if found is not None:
            yield found


def read_price(told: Mapping[str, object]) -> QuotedPrice | None:
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
