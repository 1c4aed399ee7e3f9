"""An outside system that gives exactly the rows a test wants: Medusa's listings, and feeds."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NOW = "2026-11-30T12:00:00Z"


class Outside:
    """Rows by listing (`orders`, `product-variants`) and feeds by path; `asked` is what came in.

    Listings are searched as Medusa does it: `q` finds what merely contains it, filters it does not
    know are ignored, `limit` cuts. A feed is (content type, body), or a list as JSON.
    """

    def __init__(self) -> None:
        self.listings: dict[str, list[Any]] = {"orders": [], "product-variants": []}
        self.feeds: dict[str, Any] = {}
        self.asked: list[str] = []
        self.promised = 0  # bytes more than are sent, in Content-Length
        self.address = ""

    def answer(self, target: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a request."""
        self.asked.append(target)
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        listing = parts.path.removeprefix("/admin/")
        if listing in self.listings:
            return 200, "application/json", self.page(listing, query)
        if parts.path not in self.feeds:
            return 404, "text/plain", b"nothing here"
        feed = self.feeds[parts.path]
        if isinstance(feed, tuple):
            return 200, feed[0], feed[1]
        return 200, "application/json", json.dumps(feed).encode()

    def page(self, listing: str, query: dict[str, str]) -> bytes:
        """A page of a listing, in the order of the rows."""
        rows = self.listings[listing]
        if wanted := query.get("q"):
            rows = [row for row in rows if wanted.casefold() in found_by(row)]
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 15))
        name = listing.removeprefix("product-")
        page = {name: rows[offset : offset + limit], "count": len(rows)}
        return json.dumps(page).encode()


def found_by(row: Any) -> str:
    """What a row is searched by."""
    values = row.values() if isinstance(row, dict) else [row]
    return " ".join(str(value) for value in values).casefold()


@contextmanager
def outside() -> Iterator[Outside]:
    """The system, served on a free port."""
    system = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content_type, body = system.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            if system.promised >= 0:
                self.send_header("Content-Length", str(len(body) + system.promised))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    system.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()


def order_row(number: int, address: str, **fields: Any) -> dict[str, Any]:
    """An order as Medusa lists it: one mug for 20.00 EUR, paid and shipped."""
    paid = [{"amount": 20}]
    payment = {"id": f"pay_{number}", "currency_code": "eur", "captures": paid, "refunds": []}
    line = {"id": f"line_{number}", "title": "Mug", "subtitle": "Blue", "variant_sku": "MUG",
            "quantity": 1, "unit_price": 20}  # fmt: skip
    row = {
        "id": f"order_{number}", "display_id": number, "email": address, "currency_code": "eur",
        "status": "pending", "payment_status": "captured", "fulfillment_status": "shipped",
        "original_total": 20, "created_at": NOW, "items": [line],
        "payment_collections": [{"payments": [payment]}],
    }  # fmt: skip
    return row | fields


def variant_row(sku: str | None, price: Any = 20, **fields: Any) -> dict[str, Any]:
    """A variant as Medusa lists it, with one price in EUR."""
    row = {
        "id": f"variant_{sku}", "sku": sku, "title": "Blue", "product_id": f"prod_{sku}",
        "product": {"title": "Mug"}, "updated_at": NOW, "metadata": None,
        "prices": [{"id": f"price_{sku}", "currency_code": "eur", "amount": price}],
        "inventory_items": [],
    }  # fmt: skip
    return row | fields


def price_row(sku: Any, amount: Any = "9.50", **fields: Any) -> dict[str, Any]:
    """What a competitor asks, as a feed tells it."""
    row = {"sku": sku, "currency": "EUR", "amount": amount, "source": "rival", "seen_at": NOW}
    return row | fields


def message_row(identifier: Any, **fields: Any) -> dict[str, Any]:
    """What a customer writes, as a feed tells it."""
    row = {"message_id": identifier, "sender": "ann@x.example", "subject": "Hello", "body": "Where?",
           "order_number": None, "received_at": NOW}  # fmt: skip
    return row | fields
