"""The demo shop as an ASGI application, and the process that serves it."""

import base64
import binascii
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from apps.gateway.connectors.medusa.fake import (
    control,
    demo,
    mailbox,
    orders,
    pages,
    products,
    returns,
    stock,
    variants,
)
from apps.gateway.connectors.medusa.fake.requests import No
from apps.gateway.connectors.medusa.fake.store import Store

ROUTES = [
    *products.ROUTES, *variants.ROUTES, *stock.ROUTES, *orders.ROUTES, *returns.ROUTES,
    *demo.ROUTES, *mailbox.ROUTES, *pages.ROUTES,
]  # fmt: skip
UNAUTHORIZED = {"message": "Unauthorized"}


class SecretKey:
    """ASGI middleware: the admin API needs the secret key as HTTP Basic user name."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """401 without the key."""
        guarded = scope["type"] == "http" and scope["path"].startswith("/admin/")
        if guarded and not self._known(dict(scope["headers"]).get(b"authorization", b"")):
            await JSONResponse(UNAUTHORIZED, 401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _known(self, header: bytes) -> bool:
        scheme, _, token = header.partition(b" ")
        try:
            user = base64.b64decode(token, validate=True).partition(b":")[0]
        except binascii.Error:
            return False
        return scheme.lower() == b"basic" and secrets.compare_digest(user, self._secret)


async def refuse(_request: Request, error: Exception) -> Response:
    """A refusal in Medusa's words."""
    if not isinstance(error, No):
        raise error
    return error.answer


def build(store: Store, secret: str, smtp: socket.socket | None, hosts: list[str]) -> ASGIApp:
    """The application over a seeded store; `smtp` is an open socket for the mailbox."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        server = await mailbox.serve(store, smtp) if smtp else None
        yield
        if server:
            server.close()
        store.close()

    rules = control.Control()
    app = Starlette(
        routes=[*ROUTES, *control.routes(rules)],
        exception_handlers={No: refuse},
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts),
            Middleware(SecretKey, secret=secret),
        ],
        lifespan=lifespan,
    )
    app.state.store = store
    return control.Misbehaving(app, rules)


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after a clean shutdown
        uvicorn.Server(config).run(sockets=[listener])
