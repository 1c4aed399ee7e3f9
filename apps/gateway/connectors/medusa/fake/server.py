"""The fake shop as an ASGI application."""

import base64
import binascii
import secrets
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from apps.gateway.connectors.medusa.fake import (
    control,
    orders,
    products,
    returns,
    stock,
    variants,
)
from apps.gateway.connectors.medusa.fake.requests import No
from apps.gateway.connectors.medusa.fake.store import Store

ROUTES = [
    *products.ROUTES, *variants.ROUTES, *stock.ROUTES, *orders.ROUTES, *returns.ROUTES,
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


def build(
    store: Store,
    secret: str,
    hosts: list[str],
    *,
    routes: Sequence[Route] = (),
    lifespan: Lifespan[Starlette] | None = None,
) -> ASGIApp:
    """The application over a store; `routes` are more than Medusa has, without its key."""
    rules = control.Control()
    app = Starlette(
        routes=[*ROUTES, *routes, *control.routes(rules)],
        exception_handlers={No: refuse},
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts),
            Middleware(SecretKey, secret=secret),
        ],
        lifespan=lifespan,
    )
    app.state.store = store
    return control.Misbehaving(app, rules)
