"""Which model to ask: pure, a function of the tiers there are and of what is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from uuid import UUID

EMBEDDING = "embedding"  # the tier of this name prices embeddings; it never answers questions
MILLION = Decimal(1_000_000)
MICRO = Decimal("0.00000001")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One model that could be asked. Prices are US dollars per million tokens."""

    name: str
    provider: str
    model: str
    price_in: Decimal = Decimal(0)
    price_out: Decimal = Decimal(0)
    timeout_s: float = 30.0
    fallback: str | None = None
    tier_id: UUID | None = None

    def cost(self, *, input_tokens: int, output_tokens: int) -> Decimal:
        """What these tokens cost, in US dollars, rounded up to the eighth place."""
        exact = (self.price_in * input_tokens + self.price_out * output_tokens) / MILLION
        return exact.quantize(MICRO, rounding=ROUND_UP)


def route(options: Sequence[Option], *, need: str) -> list[Option]:
    """The models to ask, in order: the tier named `need`, then its fallbacks.

    A tier that is missing or switched off is stood in for by the cheapest there is. A fallback
    that leads back to a tier already listed ends the list.
    """
    named = {option.name: option for option in options if option.name != EMBEDDING}
    if not named:
        return []
    current = named.get(need) or min(
        named.values(), key=lambda option: (option.price_out, option.price_in, option.name)
    )
    chain = [current]
    while current.fallback in named and named[current.fallback] not in chain:
        current = named[current.fallback]
        chain.append(current)
    return chain
