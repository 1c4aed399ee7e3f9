"""Plant the orders of `charged` in a real Medusa, which works out their totals itself."""

from collections.abc import Callable
from typing import Any

from tests.contract.charged import FIVE, ORDERS, PRICES, REGIONS, THIRD, Charged, title_of

Call = Callable[..., dict[str, Any]]
METHODS: dict[str, dict[str, Any]] = {
    THIRD: {"type": "percentage", "value": 33},
    FIVE: {"type": "fixed", "value": 5, "currency_code": "eur"},
}


def plant_charged(call: Call, ground: dict[str, str]) -> None:
    """Regions with their taxes, promotions, two articles, and the orders. They come first."""
    regions = {"de": ground["region"], **{one[2]: make_region(call, *one) for one in REGIONS}}
    for code, method in METHODS.items():
        call("POST", "/admin/promotions", {
            "code": code, "type": "standard", "status": "active",
            "application_method": {"target_type": "items", "allocation": "across", **method},
        })  # fmt: skip
    variants = make_articles(call, ground)
    for order in ORDERS:
        make_order(call, ground, regions[order.country], variants, order)


def make_region(
    call: Call, name: str, currency: str, country: str, rate: float | None, is_in: bool
) -> str:
    """A region of one country; its tax, and whether prices in its currency hold it."""
    if is_in:
        known = call("GET", f"/admin/price-preferences?attribute=currency_code&value={currency}")
        call("POST", f"/admin/price-preferences/{known['price_preferences'][0]['id']}",
             {"is_tax_inclusive": True})  # fmt: skip
    region = call("POST", "/admin/regions", {
        "name": name, "currency_code": currency, "countries": [country],
        "payment_providers": ["pp_system_default"],
    })["region"]["id"]  # fmt: skip
    if rate is not None:
        call("POST", "/admin/tax-regions", {
            "country_code": country, "provider_id": "tp_system",
            "default_tax_rate": {"rate": rate, "name": "VAT", "code": "vat"},
        })  # fmt: skip
    return str(region)


def make_articles(call: Call, ground: dict[str, str]) -> dict[str, str]:
    """One product for each article, without stock; the variants' ids by article number."""
    found = {}
    for sku, prices in PRICES.items():
        amounts = [{"currency_code": code, "amount": price} for code, price in prices.items()]
        product = call("POST", "/admin/products?fields=*variants", {
            "title": title_of(sku), "status": "published",
            "shipping_profile_id": ground["profile"], "sales_channels": [{"id": ground["channel"]}],
            "options": [{"title": "Size", "values": ["One"]}],
            "variants": [{"title": "One", "sku": sku, "manage_inventory": False,
                          "options": {"Size": "One"}, "prices": amounts}],
        })["product"]  # fmt: skip
        found[sku] = product["variants"][0]["id"]
    return found


def make_order(
    call: Call, ground: dict[str, str], region: str, variants: dict[str, str], order: Charged
) -> None:
    """A draft that is converted, and paid by one payment or several."""
    address = {"first_name": "Ann", "last_name": "Roe", "address_1": "Street 1", "city": "Town",
               "country_code": order.country, "postal_code": "1000"}  # fmt: skip
    draft = call("POST", "/admin/draft-orders", {
        "region_id": region, "sales_channel_id": ground["channel"], "email": order.email,
        "shipping_address": address, "billing_address": address,
        "items": [{"variant_id": variants[sku], "quantity": pieces}
                  for sku, pieces in order.pieces.items()],
        "promo_codes": list(order.promotions),
        "shipping_methods": [{"name": "Standard", "shipping_option_id": ground["shipping"],
                              "amount": order.shipping}],
    })["draft_order"]  # fmt: skip
    made = call("POST", f"/admin/draft-orders/{draft['id']}/convert-to-order")["order"]
    for amount in order.paid:
        group = call("POST", "/admin/payment-collections",
                     {"order_id": made["id"], "amount": amount})["payment_collection"]  # fmt: skip
        call("POST", f"/admin/payment-collections/{group['id']}/mark-as-paid",
             {"order_id": made["id"]})  # fmt: skip
