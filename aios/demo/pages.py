# ruff: noqa: S608 - table and column names come from this package, values are bound
"""The HTML pages of the demo shop: plain, without scripts."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from apps.gateway.connectors.medusa.fake.store import Row, store_of

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav a { margin-right: 1rem; }
article { border: 1px solid #8884; border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
h2 { font-size: 1.05rem; margin: 0; }
.meta { opacity: .75; margin: .25rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid #8884; }
.wide { overflow-x: auto; }
"""
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
COUNTS = {
    "products": "products",
    "variants": "variants",
    "orders": "orders",
    "messages": "customer messages",
    "mails": "mails sent",
    "ledger": "ledger lines",
}


def render(title: str, content: str) -> HTMLResponse:
    """A page; `content` is HTML with all outside text escaped."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="refresh" content="5">'
        f"<style>{STYLE}</style></head><body><header><h1>{escape(title)}</h1>"
        f'<nav><a href="/">Ledger</a><a href="/mailbox">Mailbox</a></nav></header>'
        f"<main>{content}</main></body></html>",
        headers=HEADERS,
    )


async def show_ledger(request: Request) -> HTMLResponse:
    """GET /: what was changed in the shop, newest first."""
    store = store_of(request)
    counts = ", ".join(
        f"{store.value(f'SELECT count(*) FROM {table}')} {words}" for table, words in COUNTS.items()
    )
    rows = store.all("SELECT * FROM ledger ORDER BY id DESC LIMIT 200")
    lines = "".join(_line(row) for row in rows)
    head = "".join(f"<th scope=col>{name}</th>" for name in
                   ("No.", "Time", "Action", "Target", "Amount", "Details", "Key"))  # fmt: skip
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    return render("Demo shop", f'<p>{counts}.</p><div class="wide">{table}</div>')


def _line(row: Row) -> str:
    amount = f"{row['amount']} {row['currency']}" if row["amount"] else ""
    cells = (row["id"], row["at"], row["action"], row["target"], amount, row["params"], row["key"])
    return "<tr>" + "".join(f"<td>{escape(str(cell or ''))}</td>" for cell in cells) + "</tr>"


ROUTES = [Route("/", show_ledger)]
