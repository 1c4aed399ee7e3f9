"""A competitor's price out of a row of a feed. Pure."""

from typing import Any

from apps.gateway.record_fields import kind_of
from apps.gateway.records import CompetitorPrice
from apps.gateway.rows import Note
from apps.money import currency


def price_of(row: Any, _note: Note) -> CompetitorPrice:
    """The price. Raises `ValueError` for one of no article, or that its currency does not have.

    1.299 EUR is refused and not rounded: who writes it may mean a thousand.
    """
    if not isinstance(row, dict):
        raise ValueError(f"a price was expected, not {kind_of(row)}")
    price = CompetitorPrice.model_validate(row)
    if not price.sku:
        raise ValueError("sku: it is empty, so nobody knows what has this price")
    try:
        fitting = currency.fit(price.amount, price.currency)
    except currency.UnfitAmount as error:
        raise ValueError(f"amount: {error}") from error
    return price.model_copy(update={"amount": fitting})
