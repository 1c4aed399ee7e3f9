# ruff: noqa: S608 - table and column names come from this package, values are bound
"""Products, as Medusa 2.21 answers them."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.bodies import product_body
from apps.gateway.connectors.medusa.fake.requests import (
    body,
    invalid,
    key_of,
    missing,
    order_by,
    page,
    text,
)
from apps.gateway.connectors.medusa.fake.store import clock, store_of

STATUSES = ("draft", "proposed", "published", "rejected")
TEXTS = ("title", "subtitle", "description", "status")
FIELDS = frozenset({*TEXTS, "handle", "metadata"})


async def list_products(request: Request) -> JSONResponse:
    """GET /admin/products: q, order, limit, offset."""
    store, query = store_of(request), request.query_params
    limit, offset = page(request, default=50)
    like = f"%{query.get('q', '')}%"
    rows = store.all(
        f"SELECT * FROM products WHERE title LIKE ? ORDER BY "
        f"{order_by(query.get('order', 'id'))} LIMIT ? OFFSET ?", like, limit, offset,
    )  # fmt: skip
    count = store.value("SELECT count(*) FROM products WHERE title LIKE ?", like)
    found = [product_body(store, row) for row in rows]
    return JSONResponse({"products": found, "count": count, "offset": offset, "limit": limit})


async def get_product(request: Request) -> JSONResponse:
    """One product."""
    store = store_of(request)
    row = store.one("SELECT * FROM products WHERE id = ?", request.path_params["product"])
    if row is None:
        raise missing("Product not found")
    return JSONResponse({"product": product_body(store, row)})


async def update_product(request: Request) -> JSONResponse:
    """Change the given fields."""
    store, product_id = store_of(request), request.path_params["product"]
    given = await body(request, FIELDS)
    texts: dict[str, str | None] = {name: text(given, name) for name in TEXTS if name in given}
    if "status" in texts and texts["status"] not in STATUSES:
        raise invalid(
            f"Invalid request: Expected: '{', '.join(STATUSES)}' for field 'status', "
            f"but got: '{texts['status']}'"
        )
    row = store.one("SELECT * FROM products WHERE id = ?", product_id)
    if row is None:
        raise missing(f'Product with id "{product_id}" not found')
    with store.transaction():
        for name, value in texts.items():
            store.run(f"UPDATE products SET {name} = ?, updated_at = ? WHERE id = ?",
                      value, clock(), product_id)  # fmt: skip
        changed = {name: value for name, value in texts.items() if row[name] != value}
        action = "update_product" if changed else "no_change"
        params: dict[str, str | None] = dict(changed) or {"of": "update_product"}
        store.note(action, f"product:{product_id}", params, key=key_of(request))
    row = store.one("SELECT * FROM products WHERE id = ?", product_id) or row
    return JSONResponse({"product": product_body(store, row)})


ROUTES = [
    Route("/admin/products", list_products),
    Route("/admin/products/{product}", get_product),
    Route("/admin/products/{product}", update_product, methods=["POST"]),
]
