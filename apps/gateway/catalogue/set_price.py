"""Set price: one price of one variant in one currency."""

from collections.abc import Mapping
from decimal import Decimal

from apps.gateway.amounts import Amount, Currency, InCurrency
from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Compensation,
    Example,
    Identifier,
    Measure,
    Parameters,
    Reach,
    Reversibility,
    Risk,
    State,
)

VARIANT = {"sku": "CUP", "title": "Tea cup", "prices": {"EUR": "20.00"}, "cost": "12.00",
           "cost_currency": "EUR", "product_id": "prod_1"}  # fmt: skip


class SetPrice(InCurrency, Parameters):
    """One price of one variant in one currency."""

    product_id: Identifier
    variant_id: Identifier
    currency: Currency
    amount: Amount


def category_of_product(_params: State, before: State) -> str:
    """The category the shop shows the product in."""
    return str(before.get("category") or "")


def earlier_price(params: State, before: State, _after: State) -> Compensation | None:
    """The price in the same currency before; None where the variant had none."""
    prices = before.get("prices")
    earlier = prices.get(params["currency"]) if isinstance(prices, Mapping) else None
    if earlier is None or Decimal(earlier) <= 0:  # no action takes a price away again
        return None
    return "set_price", {**params, "amount": earlier}


SPEC = ActionSpec(
    name="set_price",
    title="Set price",
    noun="price",
    effect="The shop sells this variant at the new price from now on.",
    undo="Set the earlier price again.",
    parameters=SetPrice,
    risk=Risk.MEDIUM,
    reversibility=Reversibility.REVERSIBLE,
    measure=Measure.PRICE,
    record="variants",
    reach=Reach(whom="Everyone who buys it", note="from the moment it is set"),
    target=lambda p: f"variant:{p['variant_id']}",
    category=category_of_product,
    compensate=earlier_price,
    example=Example(
        params={"product_id": "prod_1", "variant_id": "v_1", "currency": "EUR", "amount": "21.00"},
        before=VARIANT,
        after=VARIANT | {"prices": {"EUR": "21.00"}},
    ),
)
