"""The demo shop as an ASGI application, and the process that serves it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from aios.demo import feeds, mailbox, pages
from apps.gateway.connectors.medusa.fake import server
from apps.gateway.connectors.medusa.fake.store import Store

ROUTES = [*feeds.ROUTES, *mailbox.ROUTES, *pages.ROUTES]


def build(store: Store, secret: str, smtp: socket.socket | None, hosts: list[str]) -> ASGIApp:
    """The application over a seeded store; `smtp` is an open socket for the mailbox."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        post = await mailbox.serve(store, smtp) if smtp else None
        yield
        if post:
            post.close()
        store.close()

    return server.build(store, secret, hosts, routes=ROUTES, lifespan=lifespan)


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after a clean shutdown
        uvicorn.Server(config).run(sockets=[listener])
