# ruff: noqa: S608 - table and column names come from this package, values are bound
"""The JSON bodies of products, variants, prices and stock.

They hold a fixed selection of Medusa's fields; the `fields` parameter is not evaluated.
"""

import json
from typing import Any

from apps.gateway.connectors.medusa.fake.requests import plain
from apps.gateway.connectors.medusa.fake.store import Row, Store


def variant_bodies(store: Store, rows: list[Row]) -> list[dict[str, Any]]:
    """Variants with product title, prices and stock, in two queries for all."""
    marks, ids = ", ".join("?" * len(rows)), [row["id"] for row in rows]
    titles = {row["id"]: row["title"] for row in store.all("SELECT id, title FROM products")}
    shown = categories(store, [row["product_id"] for row in rows])
    prices: dict[str, list[dict[str, Any]]] = {}
    for price in store.all(f"SELECT * FROM prices WHERE variant_id IN ({marks}) ORDER BY id", *ids):
        prices.setdefault(price["variant_id"], []).append(price_body(price))
    levels = {
        level["variant_id"]: level
        for level in store.all(f"SELECT * FROM levels WHERE variant_id IN ({marks})", *ids)
    }
    return [
        {
            "id": row["id"],
            "sku": row["sku"],
            "title": row["title"],
            "product_id": row["product_id"],
            "product": {
                "id": row["product_id"],
                "title": titles[row["product_id"]],
                "categories": shown.get(row["product_id"], []),
                "collection": None,
            },
            "metadata": json.loads(row["metadata"]) if row["metadata"] else None,
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "prices": prices.get(row["id"], []),
            "inventory_items": _links(levels.get(row["id"])),
        }
        for row in rows
    ]


def categories(store: Store, products: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The categories of each of these products that has any."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in store.all(
        "SELECT p.product_id, c.id, c.name FROM product_categories p "
        "JOIN categories c ON c.id = p.category_id "
        f"WHERE p.product_id IN ({', '.join('?' * len(products))}) ORDER BY c.id", *products,
    ):  # fmt: skip
        found.setdefault(row["product_id"], []).append({"id": row["id"], "name": row["name"]})
    return found


def _links(level: Row | None) -> list[dict[str, Any]]:
    if level is None:
        return []
    inventory = {"id": level["item_id"], "location_levels": [level_body(level)]}
    return [{"inventory_item_id": level["item_id"], "variant_id": level["variant_id"],
             "inventory": inventory}]  # fmt: skip


def price_body(row: Row) -> dict[str, Any]:
    """One price."""
    shown = ("id", "currency_code", "min_quantity", "max_quantity", "variant_id", "created_at",
             "updated_at")  # fmt: skip
    return {name: row[name] for name in shown} | {
        "amount": plain(row["amount"]),
        "rules": json.loads(row["rules"]),
    }


def level_body(row: Row) -> dict[str, Any]:
    """One stock level."""
    return {
        "id": row["id"],
        "inventory_item_id": row["item_id"],
        "location_id": row["location_id"],
        "stocked_quantity": plain(row["stocked"]),
        "reserved_quantity": plain(row["reserved"]),
        "available_quantity": plain(row["stocked"] - row["reserved"]),
        "incoming_quantity": 0,
        "metadata": None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def item_body(store: Store, level: Row) -> dict[str, Any]:
    """One inventory item."""
    variant = store.one("SELECT sku, title FROM variants WHERE id = ?", level["variant_id"])
    names = dict(variant) if variant else {}
    return {"id": level["item_id"], **names, "location_levels": [level_body(level)]}


def product_body(store: Store, row: Row) -> dict[str, Any]:
    """One product with its variants; prices are empty here, as in Medusa's answer to a write."""
    variants = store.all("SELECT id, sku, title FROM variants WHERE product_id = ?", row["id"])
    return dict(row) | {"variants": [dict(variant) | {"prices": []} for variant in variants]}
