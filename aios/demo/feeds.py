"""The shop's side doors: customer messages, competitor prices, the ledger."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.requests import body, invalid, page, text
from apps.gateway.connectors.medusa.fake.store import Row, clock, store_of

MESSAGE_FIELDS = frozenset({"sender", "subject", "body", "order_number"})


async def list_messages(request: Request) -> JSONResponse:
    """Messages in order of arrival; `after` is the id of the last one already seen."""
    store = store_of(request)
    after = request.query_params.get("after", "")
    limit, _ = page(request, default=1000)
    seen = store.value("SELECT seq FROM messages WHERE message_id = ?", after) or 0
    rows = store.all("SELECT * FROM messages WHERE seq > ? ORDER BY seq LIMIT ?", seen, limit)
    return JSONResponse([_message(row) for row in rows])


async def add_message(request: Request) -> JSONResponse:
    """A customer writes."""
    store = store_of(request)
    given = await body(request, MESSAGE_FIELDS)
    texts = {name: text(given, name) for name in MESSAGE_FIELDS}
    if not (texts["sender"] and texts["body"]):
        raise invalid("'sender' and 'body' are required")
    message_id = store.id("cmsg")
    with store.transaction():
        store.insert("messages", message_id=message_id, sender=texts["sender"],
                     subject=texts["subject"] or "", body=texts["body"],
                     order_number=texts["order_number"], received_at=clock())  # fmt: skip
    row = store.one("SELECT * FROM messages WHERE message_id = ?", message_id)
    return JSONResponse(_message(row) if row else None, 201)


def _message(row: Row) -> dict[str, str | None]:
    names = ("message_id", "sender", "subject", "body", "order_number", "received_at")
    return {name: row[name] for name in names}


async def list_competitor_prices(request: Request) -> JSONResponse:
    """What a competitor asks, for some of the SKUs."""
    rows = store_of(request).all("SELECT * FROM competitor_prices ORDER BY sku")
    return JSONResponse([dict(row) for row in rows])


async def list_ledger(request: Request) -> JSONResponse:
    """Every effective write in order; `after` is the id of the last line already seen."""
    try:
        after = int(request.query_params.get("after", 0))
    except ValueError as error:
        raise invalid("'after' must be a number") from error
    rows = store_of(request).all("SELECT * FROM ledger WHERE id > ? ORDER BY id", after)
    return JSONResponse([dict(row) | {"params": json.loads(row["params"])} for row in rows])


async def health(_request: Request) -> JSONResponse:
    """The shop is up."""
    return JSONResponse({"status": "ok"})


ROUTES = [
    Route("/health", health),
    Route("/demo/customer-messages", list_messages),
    Route("/demo/messages", add_message, methods=["POST"]),
    Route("/demo/competitor-prices", list_competitor_prices),
    Route("/demo/ledger", list_ledger),
]
