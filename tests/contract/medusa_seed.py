"""Fill a real Medusa with what the contract tests need, over its admin API."""

from collections.abc import Callable
from typing import Any

import httpx2

from tests.contract.charged import REGIONS
from tests.contract.medusa_charged import plant_charged

KINDS = ("Trail Shoe", "Rain Jacket", "Wool Sock", "Day Pack", "Head Lamp", "Camp Mug",
         "Steel Bottle", "Dry Bag", "Compass")  # fmt: skip
TITLES = [f"{line} {kind}" for line in ("Alder", "Tarn") for kind in KINDS]
COUNTRIES = ("de", "fr", "it")
CURRENCIES = ("eur", "usd", *sorted({one[1] for one in REGIONS} - {"eur"}))
ORDERS, FULFILLED, UNPAID = 38, 18, 2  # how many orders; how many of them are not just paid
ADDRESS = {
    "first_name": "Anna", "last_name": "Schmidt", "address_1": "Hauptstr. 1", "city": "Berlin",
    "country_code": "de", "postal_code": "10115",
}  # fmt: skip

Call = Callable[..., dict[str, Any]]


def seed(address: str, email: str, password: str) -> str:
    """Plant products, stock and orders; the secret API key."""
    with httpx2.Client(base_url=address, timeout=60, trust_env=False) as http:
        secret = _make_key(http, email, password)
        http.auth = httpx2.BasicAuth(secret, "")

        def call(method: str, path: str, body: Any = None) -> dict[str, Any]:
            answer = http.request(method, path, json=body)
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            found: dict[str, Any] = answer.json()
            return found

        ground = _make_ground(call)
        plant_charged(call, ground)
        variants = [variant for number, title in enumerate(TITLES)
                    for variant in _make_product(call, ground, number, title)]  # fmt: skip
        for number in range(ORDERS):
            _make_order(call, ground, variants[number % len(variants)], number)
    return secret


def _make_key(http: httpx2.Client, email: str, password: str) -> str:
    person = {"email": email, "password": password}
    token = http.post("/auth/user/emailpass", json=person).raise_for_status().json()["token"]
    answer = http.post(
        "/admin/api-keys", json={"title": "contract tests", "type": "secret"},
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    key: str = answer.raise_for_status().json()["api_key"]["token"]
    return key


def _make_ground(call: Call) -> dict[str, str]:
    """Store, region, stock location and shipping; the ids later calls need."""
    store = call("GET", "/admin/stores")["stores"][0]
    channel = store["default_sales_channel_id"]
    currencies = [{"currency_code": code, "is_default": code == "eur"} for code in CURRENCIES]
    call("POST", f"/admin/stores/{store['id']}", {"supported_currencies": currencies})
    region = call("POST", "/admin/regions", {
        "name": "Europe", "currency_code": "eur", "countries": list(COUNTRIES),
        "payment_providers": ["pp_system_default"],
    })["region"]["id"]  # fmt: skip
    location = call("POST", "/admin/stock-locations", {
        "name": "Warehouse", "address": {"address_1": "Dock 1", "country_code": "de"},
    })["stock_location"]["id"]  # fmt: skip
    profile = call("GET", "/admin/shipping-profiles")["shipping_profiles"][0]["id"]
    shipping = _make_shipping(call, location, channel, profile)
    return {"channel": channel, "region": region, "location": location, "profile": profile,
            "shipping": shipping}  # fmt: skip


def _make_shipping(call: Call, location: str, channel: str, profile: str) -> str:
    base = f"/admin/stock-locations/{location}"
    call("POST", f"{base}/sales-channels", {"add": [channel]})
    call("POST", f"{base}/fulfillment-providers", {"add": ["manual_manual"]})
    call("POST", f"{base}/fulfillment-sets", {"name": "Shipping", "type": "shipping"})
    place = call("GET", f"{base}?fields=*fulfillment_sets")["stock_location"]
    zones = f"/admin/fulfillment-sets/{place['fulfillment_sets'][0]['id']}/service-zones"
    areas = [{"type": "country", "country_code": code} for code in COUNTRIES]
    zone = call("POST", zones, {"name": "EU", "geo_zones": areas})
    option = call("POST", "/admin/shipping-options", {
        "name": "Standard", "price_type": "flat", "provider_id": "manual_manual",
        "service_zone_id": zone["fulfillment_set"]["service_zones"][0]["id"],
        "shipping_profile_id": profile,
        "type": {"label": "Standard", "description": "3 days", "code": "standard"},
        "prices": [{"currency_code": "eur", "amount": 5}],
        "rules": [{"attribute": "enabled_in_store", "value": "true", "operator": "eq"},
                  {"attribute": "is_return", "value": "false", "operator": "eq"}],
    })["shipping_option"]["id"]  # fmt: skip
    return str(option)


def _make_product(call: Call, ground: dict[str, str], number: int, title: str) -> list[str]:
    """A product with two variants in two currencies, each with a cost and stock; their ids."""
    variants = [
        {"title": size, "sku": f"SKU-{number}-{size}", "manage_inventory": True,
         "options": {"Size": size}, "metadata": {"cost_eur": f"{8 + 4 * number}.50"},
         "prices": [{"currency_code": "eur", "amount": 20 + 10 * number},
                    {"currency_code": "usd", "amount": 22 + 10 * number}]}
        for size in ("S", "M")
    ]  # fmt: skip
    product = call("POST", "/admin/products?fields=*variants,*variants.inventory_items", {
        "title": title, "subtitle": "Plain", "description": f"A {title}.", "status": "published",
        "shipping_profile_id": ground["profile"], "sales_channels": [{"id": ground["channel"]}],
        "options": [{"title": "Size", "values": ["S", "M"]}], "variants": variants,
    })["product"]  # fmt: skip
    for variant in product["variants"]:
        found = call("GET", f"/admin/inventory-items?sku={variant['sku']}")["inventory_items"]
        call("POST", f"/admin/inventory-items/{found[0]['id']}/location-levels",
             {"location_id": ground["location"], "stocked_quantity": 100})  # fmt: skip
    return [variant["id"] for variant in product["variants"]]


def _make_order(call: Call, ground: dict[str, str], variant: str, number: int) -> None:
    """A draft order that is converted, paid and, for the last ones, fulfilled."""
    draft = call("POST", "/admin/draft-orders", {
        "region_id": ground["region"], "sales_channel_id": ground["channel"],
        "email": f"buyer{number % 3}@shop.example", "shipping_address": ADDRESS,
        "billing_address": ADDRESS, "items": [{"variant_id": variant, "quantity": 2}],
        "shipping_methods": [{"name": "Standard", "shipping_option_id": ground["shipping"],
                              "amount": 5}],
    })["draft_order"]  # fmt: skip
    order = call("POST", f"/admin/draft-orders/{draft['id']}/convert-to-order")["order"]
    if number < UNPAID:
        return
    group = call("POST", "/admin/payment-collections",
                 {"order_id": order["id"], "amount": order["total"]})["payment_collection"]  # fmt: skip
    call("POST", f"/admin/payment-collections/{group['id']}/mark-as-paid",
         {"order_id": order["id"]})  # fmt: skip
    if number >= ORDERS - FULFILLED:
        lines = [{"id": line["id"], "quantity": line["quantity"]} for line in order["items"]]
        call("POST", f"/admin/orders/{order['id']}/fulfillments",
             {"items": lines, "location_id": ground["location"]})  # fmt: skip
