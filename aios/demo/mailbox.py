# ruff: noqa: S608 - table and column names come from this package, values are bound
"""The demo mailbox: an SMTP server that keeps what it receives, and a page that shows it."""

import asyncio
import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from aios.demo.pages import render
from apps.gateway.connectors.medusa.fake.requests import page
from apps.gateway.connectors.medusa.fake.store import Row, Store, clock, store_of

LARGEST = 2 * 1024 * 1024  # bytes of one mail
UNKNOWN_DOMAIN = ".invalid"  # addresses that are refused, as a real server refuses unknown people
MARK = "<aios."
NOTICE = "<notice_"  # to AIOS's own people: no effect on the shop's customers, so not in the ledger


class Mailbox:
    """The handler of aiosmtpd: stores each mail before it says 250."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_RCPT(  # noqa: N802 - the name is given by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse recipients under `.invalid`."""
        if address.rstrip(">").endswith(UNKNOWN_DOMAIN):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name is given by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, one row and one ledger line per recipient."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(raw, policy=policy.default)
        with self._store.transaction():
            for recipient in envelope.rcpt_tos:
                store_mail(self._store, mail, envelope.mail_from or "", recipient)
        return "250 2.0.0 Kept"


def store_mail(store: Store, mail: EmailMessage, sender: str, recipient: str) -> None:
    """Store one mail for one recipient."""
    message_id, subject = str(mail.get("Message-ID", "")), str(mail.get("Subject", ""))
    part = mail.get_body(("plain", "html"))
    text = part.get_content() if part is not None else ""
    store.insert("mails", message_id=message_id, sender=str(mail.get("From", sender)),
                 recipient=recipient, subject=subject, body=text, received_at=clock())  # fmt: skip
    if message_id.startswith(NOTICE):
        return
    key = message_id.removeprefix(MARK).partition("@")[0] if message_id.startswith(MARK) else None
    store.note("send_message", f"mailbox:{recipient}", {"subject": subject}, key=key)


async def serve(store: Store, listener: socket.socket) -> asyncio.Server:
    """Start the SMTP server on an open socket."""
    mailbox = Mailbox(store)
    return await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, hostname="demo-shop.localhost", data_size_limit=LARGEST),
        sock=listener,
    )


def mail_body(row: Row) -> dict[str, Any]:
    """One mail as JSON."""
    names = ("message_id", "sender", "subject", "body", "received_at")
    return {name: row[name] for name in names} | {"to": row["recipient"]}


async def list_mails(request: Request) -> JSONResponse:
    """GET /demo/mailbox: newest first; `message_id` and `to` narrow it."""
    query, where, values = request.query_params, ["1"], []
    for name, column in (("message_id", "message_id"), ("to", "recipient")):
        if name in query:
            where.append(f"{column} = ?")
            values.append(query[name])
    limit, offset = page(request, default=200)
    rows = store_of(request).all(
        f"SELECT * FROM mails WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ? OFFSET ?",
        *values, limit, offset,
    )  # fmt: skip
    return JSONResponse([mail_body(row) for row in rows])


async def show_mailbox(request: Request) -> HTMLResponse:
    """GET /mailbox: what customers and AIOS's own people received, newest first."""
    rows = store_of(request).all("SELECT * FROM mails ORDER BY seq DESC LIMIT 200")
    cards = "".join(_card(row) for row in rows) or "<p>No message was sent yet.</p>"
    return render("Demo mailbox", f"<p>{len(rows)} messages, newest first.</p>{cards}")


def _card(row: Row) -> str:
    parts = {name: escape(row[name]) for name in ("recipient", "sender", "subject", "body")}
    return (
        f'<article><h2>{parts["subject"]}</h2><p class="meta">to <b>{parts["recipient"]}</b> '
        f'from {parts["sender"]} · <time datetime="{row["received_at"]}">{row["received_at"]}'
        f"</time></p><pre>{parts['body']}</pre></article>"
    )


ROUTES = [Route("/mailbox", show_mailbox), Route("/demo/mailbox", list_mails)]
