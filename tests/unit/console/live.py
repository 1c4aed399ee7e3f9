"""Connections to the live trace as browsers have them, and what is sent over them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection, connections, transaction
from django.test import Client

from aios.asgi import application
from apps.accounts.models import Workspace
from apps.agents.models import Agent, Run
from apps.audit.kinds import Kind
from apps.audit.operations import sequence
from apps.inference import streaming
from tests.conftest import Cast
from tests.factories.events import record


def write(workspace_id: UUID, now: datetime, *, run_id: UUID | None = None, count: int = 1) -> None:
    """Events in a transaction of their own, numbered at once."""
    for number in range(count):
        with transaction.atomic():
            record(kind=Kind.RUN_STEPPED, workspace_id=workspace_id, actor="agent:x",
                   subject_kind="run", subject_id=run_id or uuid4(), now=now, run_id=run_id,
                   fields={"stage": "plan", "summary": str(number)})  # fmt: skip
        sequence()


def cookie_of(client: Client) -> bytes:
    """The session of a signed-in browser."""
    return SimpleCookie({"sessionid": client.cookies["sessionid"].value}).output(header="").encode()


class Socket(ApplicationCommunicator):
    """A connection through the whole ASGI application, as a browser's."""

    def __init__(self, cookie: bytes, address: str, origin: bytes = b"http://localhost") -> None:
        path, _, query = address.partition("?")
        headers = [(b"cookie", cookie.strip()), (b"origin", origin)]
        super().__init__(
            application,
            {"type": "websocket", "path": path, "query_string": query.encode(),
             "headers": headers, "subprotocols": []},
        )  # fmt: skip

    async def opened(self) -> bool:
        """Whether the server accepts."""
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(timeout=5))["type"] == "websocket.accept"

    async def events(self) -> list[dict[str, Any]]:
        """The next message."""
        return json.loads((await self.receive_output(timeout=10))["text"])


@asynccontextmanager
async def socket(cookie: bytes, address: str) -> AsyncIterator[Socket]:
    """An open connection, closed by the browser at the end."""
    communicator = Socket(cookie, address)
    assert await communicator.opened()
    try:
        yield communicator
    finally:
        if not communicator.future.done():
            await communicator.send_input({"type": "websocket.disconnect", "code": 1000})
            await communicator.wait(timeout=5)


async def receive_until(communicator: Socket, last: int) -> list[int]:
    """The numbers received, up to the last one wanted."""
    places: list[int] = []
    while not places or places[-1] < last:
        places += [event["index"] for event in await communicator.events()]
    return places


@pytest.fixture(autouse=True)
def _close_the_readers_connection() -> Iterator[None]:
    """What async code asks the database runs in one thread, whose connection outlives the test."""
    yield
    asyncio.run(sync_to_async(connections.close_all)())


@pytest.fixture
def rita(cast: Cast, browse: Callable[..., Client]) -> bytes:
    """Rita's session."""
    return cookie_of(browse(cast.rita))


@pytest.fixture
def start(cast: Cast) -> int:
    """The number of the newest event once everything so far is numbered."""
    sequence()
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(index), 0) FROM audit_entry")
        return int(cursor.fetchone()[0])


def speak(workspace_id: UUID, run_id: UUID, text: str) -> int:
    """A model says something in a run; how many processes listen."""
    words = {"run": str(run_id), "call": "c", "purpose": "plan", "at": 0, "text": text,
             "done": False}  # fmt: skip
    return streaming.publish(streaming.channel_of(workspace_id), json.dumps(words))


async def heard_until(communicator: Socket, index: int) -> tuple[list[str], list[int]]:
    """The words and the numbers received, up to a number."""
    words: list[str] = []
    places: list[int] = []
    while not places or places[-1] < index:
        message = json.loads((await communicator.receive_output(timeout=10))["text"])
        if isinstance(message, dict):
            words.append(message["tokens"]["text"])
        else:
            places += [event["index"] for event in message]
    return words, places


async def until_heard(workspace_id: UUID, run_id: UUID, text: str) -> None:
    """Say it as soon as somebody listens."""
    async with asyncio.timeout(5):
        while not await sync_to_async(speak)(workspace_id, run_id, text):
            await asyncio.sleep(0.05)


@pytest.fixture
def run(workspace: Workspace, now: datetime) -> Run:
    """A run of an agent."""
    agent = Agent.objects.create(workspace=workspace, name="X", playbook="repricing",
                                 created_at=now)  # fmt: skip
    return Run.objects.create(workspace=workspace, agent=agent, trigger="person", not_before=now,
                              started_by="x", started_at=now)  # fmt: skip
