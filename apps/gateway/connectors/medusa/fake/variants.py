# ruff: noqa: S608 - table and column names come from this package, values are bound
"""Variants, as Medusa 2.21 answers them."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.bodies import product_body, variant_bodies
from apps.gateway.connectors.medusa.fake.prices import checked_prices, replace_prices
from apps.gateway.connectors.medusa.fake.requests import No, body, order_by, page, refuse_unknown
from apps.gateway.connectors.medusa.fake.store import Store, clock, store_of

FIELDS = frozenset({"title", "sku", "prices", "metadata"})


async def list_variants(request: Request) -> JSONResponse:
    """GET /admin/product-variants: sku, q, order, limit, offset."""
    store, query = store_of(request), request.query_params
    allowed = frozenset({"sku", "q", "id", "order", "limit", "offset", "fields"})
    refuse_unknown(dict(query), allowed)
    limit, offset = page(request, default=50)
    where, values = ["1"], []
    for column in ("id", "sku"):
        if column in query:
            where.append(f"{column} = ?")
            values.append(query[column])
    if "q" in query:
        where.append("(sku LIKE ? OR title LIKE ?)")
        values += [f"%{query['q']}%"] * 2
    condition = " AND ".join(where)
    rows = store.all(
        f"SELECT * FROM variants WHERE {condition} ORDER BY {order_by(query.get('order', 'id'))} "
        "LIMIT ? OFFSET ?", *values, limit, offset,
    )  # fmt: skip
    count = store.value(f"SELECT count(*) FROM variants WHERE {condition}", *values)
    found = variant_bodies(store, rows)
    return JSONResponse({"variants": found, "count": count, "offset": offset, "limit": limit})


async def get_variant(request: Request) -> JSONResponse:
    """One variant; 200 and `{}` when it does not exist."""
    store, names = store_of(request), request.path_params
    rows = store.all("SELECT * FROM variants WHERE id = ? AND product_id = ?",
                     names["variant"], names["product"])  # fmt: skip
    return JSONResponse({"variant": variant_bodies(store, rows)[0]} if rows else {})


async def update_variant(request: Request) -> JSONResponse:
    """Replace the given fields of a variant; answers with the *product*.

    A variant that does not exist is silently skipped, a product that does not is a 500.
    """
    store, names = store_of(request), request.path_params
    given = await body(request, FIELDS)
    prices = checked_prices(given["prices"]) if "prices" in given else None
    product = store.one("SELECT * FROM products WHERE id = ?", names["product"])
    if product is None:
        raise No(500, "unknown_error", "An unknown error occurred.")
    variant = store.one("SELECT * FROM variants WHERE id = ? AND product_id = ?",
                        names["variant"], names["product"])  # fmt: skip
    if variant is not None:
        if prices is not None:
            await replace_prices(request, variant, prices)
        _update_texts(store, variant["id"], given)
    return JSONResponse({"product": product_body(store, product)})


def _update_texts(store: Store, variant_id: str, given: dict[str, Any]) -> None:
    for name in ("title", "sku"):
        if name in given:
            store.run(f"UPDATE variants SET {name} = ? WHERE id = ?", given[name], variant_id)
    if "metadata" in given:
        store.run("UPDATE variants SET metadata = ?, updated_at = ? WHERE id = ?",
                  json.dumps(given["metadata"]), clock(), variant_id)  # fmt: skip


ROUTES = [
    Route("/admin/product-variants", list_variants),
    Route("/admin/products/{product}/variants/{variant}", get_variant),
    Route("/admin/products/{product}/variants/{variant}", update_variant, methods=["POST"]),
]
