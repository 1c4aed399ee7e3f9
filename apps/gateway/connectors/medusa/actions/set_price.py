"""Set one price of a variant, keeping all others."""

from decimal import Decimal
from typing import Any

from apps.gateway.connectors.base import BadAnswer, Refused
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.actions.refund_payment import check_amount
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.reads import fetch_variant
from apps.gateway.connectors.medusa.responses import COST_CURRENCY, Price, VariantAnswer
from apps.money.currency import written


class SetPrice(Action):
    """A price write replaces the whole list: read all, send all with their ids, one changed."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"sku", "title", "category", "cost", "cost_currency", "prices": {"EUR": "25.50"}}."""
        return state_of(fetch_variant(api, params["product_id"], params["variant_id"]))

    def check(self, params: State, snapshot: State) -> None:
        """An amount above 0 of a currency there is; Medusa would take -5 of "zzz"."""
        check_amount(Decimal(params["amount"]), params["currency"])

    def foresee(self, params: State, snapshot: State) -> State:
        """The price map with the one price changed or added."""
        currency = params["currency"]
        changed = {currency: written(Decimal(params["amount"]), currency)}
        return {**snapshot, "prices": {**snapshot["prices"], **changed}}

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """Send the full list. Refused (changed) when the list is no longer the approved one."""
        variant = fetch_variant(api, params["product_id"], params["variant_id"])
        if state_of(variant) != snapshot:
            raise Refused(
                f"Variant {variant.sku or variant.id} changed after the approval.", code="changed"
            )
        target = path("products", params["product_id"], "variants", params["variant_id"])
        return api.post(target, {"prices": replace(variant.prices, params)}, key=key)

    def reference(self, params: State) -> str:
        """The variant."""
        return str(params["variant_id"])


def state_of(variant: VariantAnswer) -> State:
    """What an approval of a price rests on. Raises `BadAnswer` when a currency has two prices."""
    state: State = {
        "sku": variant.sku,
        "title": variant.name,
        "category": variant.product.category,
        "cost": None if variant.cost is None else written(variant.cost, COST_CURRENCY),
        "cost_currency": COST_CURRENCY,
        "prices": {},
    }
    for price in sorted(variant.prices, key=lambda price: (price.currency, price.id)):
        if not price.plain:
            conditions = state.setdefault("conditional_prices", {})
            conditions[price.id] = f"{price.currency} {written(price.amount, price.currency)}"
        elif price.currency in state["prices"]:
            raise BadAnswer(
                f"Variant {variant.sku or variant.id} has two {price.currency} prices "
                f"(left by parallel writes). Delete one of them in the shop."
            )
        else:
            state["prices"][price.currency] = written(price.amount, price.currency)
    return state


def replace(prices: list[Price], params: State) -> list[dict[str, Any]]:
    """All prices as Medusa wants them back, ids kept, with the one amount changed or added."""
    amount = float(params["amount"])
    currency = params["currency"]
    rows = [
        price.model_dump(exclude_none=True, exclude={"amount"})
        | {"amount": amount if price.plain and price.currency == currency else float(price.amount)}
        for price in prices
    ]
    if not any(price.plain and price.currency == currency for price in prices):
        rows.append({"currency_code": currency.lower(), "amount": amount})
    return rows
