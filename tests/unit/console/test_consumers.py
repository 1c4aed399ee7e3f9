"""The live trace: from the log and the hub without gap or repetition, and only to members."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as configured
from django.db import connection, connections, transaction
from django.test import Client

from aios.asgi import application
from apps.accounts.models import Membership, Workspace
from apps.agents.models import Agent, Run
from apps.audit import bell
from apps.audit.kinds import Kind
from apps.audit.operations import sequence
from apps.console import consumers, hub
from apps.inference import streaming
from tests.conftest import Cast
from tests.factories.events import record

pytestmark = pytest.mark.django_db(transaction=True)


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


class Writer(threading.Thread):
    """Writes events from a thread of its own until it is told to stop."""

    def __init__(self, workspace_id: UUID, now: datetime, run_id: UUID | None = None) -> None:
        super().__init__()
        self.workspace_id, self.now, self.run_id = workspace_id, now, run_id
        self.stopped = threading.Event()
        self.written = 0

    def run(self) -> None:
        """Write and number, a little at a time."""
        while not self.stopped.is_set():
            write(self.workspace_id, self.now, run_id=self.run_id)
            self.written += 1
        connection.close()


def resume_while_written(rita: bytes, workspace: Workspace, start: int, now: datetime) -> list[int]:
    """Numbers received over many short connections while events are being written."""

    async def watch() -> list[int]:
        places = [start]
        until = time.monotonic() + 4
        while time.monotonic() < until:
            async with socket(rita, f"/ws/trace/?after={places[-1]}") as communicator:
                places += await receive_until(communicator, places[-1] + 5)
        return places

    writer = Writer(workspace.pk, now)
    writer.start()
    try:
        return asyncio.run(watch())
    finally:
        writer.stopped.set()
        writer.join()


@pytest.mark.parametrize("broker", ["on", "off"])
def test_resuming_by_number_misses_and_doubles_nothing(
    rita, workspace, start, now, broker, settings, monkeypatch
):
    """Whatever is written while connections come and go; also when the broker is off."""
    if broker == "off":
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        monkeypatch.setattr(hub, "POLL_SECONDS", 0.2)
    places = resume_while_written(rita, workspace, start, now)
    assert len(places) > 20
    assert places == list(range(start, places[-1] + 1))


def test_an_open_connection_follows_without_a_broker(rita, workspace, start, now, settings):
    """Polled every second, an idle viewer still sees what happens."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    async def watch() -> list[int]:
        async with socket(rita, f"/ws/trace/?after={start}") as communicator:
            await asyncio.sleep(0.5)
            await sync_to_async(write)(workspace.pk, now, count=3)
            return await receive_until(communicator, start + 3)

    assert asyncio.run(watch()) == [start + 1, start + 2, start + 3]


def test_a_hint_is_faster_than_the_poll(rita, workspace, start, now, monkeypatch):
    """An event is sent right after it is announced, also after a silence longer than the 5 s
    for which redis-py leaves a socket open by default."""
    monkeypatch.setattr(hub, "POLL_SECONDS", 60)

    async def watch() -> float:
        async with socket(rita, f"/ws/trace/?after={start}") as communicator:
            await asyncio.sleep(6)
            begun = time.monotonic()
            await sync_to_async(write)(workspace.pk, now)
            await sync_to_async(bell.announce)(start + 1)
            await receive_until(communicator, start + 1)
            return time.monotonic() - begun

    assert asyncio.run(watch()) < 3


def test_an_event_is_sent_in_words(rita, workspace, start, now):
    """Number, moment, who and what, and what it belongs to."""
    run_id = uuid4()
    write(workspace.pk, now, run_id=run_id)

    async def watch() -> list[dict]:
        async with socket(rita, f"/ws/trace/?after={start}") as communicator:
            return await communicator.events()

    [event] = asyncio.run(watch())
    assert event["index"] == start + 1
    assert event["at"] == now.isoformat()
    assert (event["who"], event["words"]) == ("Agent", "planned: 0")
    assert (event["run"], event["about"]) == (str(run_id), [str(run_id)])
    assert (event["stage"], event["group"], event["error"]) == ("plan", "agent", False)
    assert (event["proposal"], event["call"]) == ("", None)


def closed_with(cookie: bytes, path: str) -> int:
    """The code with which the server ends a connection."""

    async def watch() -> int:
        async with socket(cookie, path) as communicator:
            return int((await communicator.receive_output(timeout=5))["code"])

    return asyncio.run(watch())


def test_who_may_not_look_is_told_by_a_code(rita, cast, browse, workspace, elsewhere):
    """Not signed in: 4401. No membership, or another workspace's run: 4403."""
    assert closed_with(b"", "/ws/trace/") == 4401
    assert closed_with(rita, f"/ws/trace/{uuid4()}/") == 4403
    Membership.objects.filter(user=cast.jun).delete()
    assert closed_with(cookie_of(browse(cast.jun)), "/ws/trace/") == 4403


def test_another_workspace_hears_nothing(cast, browse, workspace, elsewhere, start, now):
    """Mallory is sent only what happens at her own place."""
    mallory = cookie_of(browse(cast.mallory))

    async def watch() -> list[int]:
        async with socket(mallory, f"/ws/trace/?after={start}") as communicator:
            await sync_to_async(write)(workspace.pk, now, count=3)
            await sync_to_async(write)(elsewhere.pk, now)
            return await receive_until(communicator, start + 4)

    assert asyncio.run(watch()) == [start + 4]


def test_a_lost_membership_ends_the_connection(rita, cast, workspace, monkeypatch):
    """An open page does not outlive the right to look."""
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.3)

    async def watch() -> int:
        async with socket(rita, "/ws/trace/?after=99999") as communicator:
            await asyncio.sleep(0.5)
            await sync_to_async(Membership.objects.filter(user=cast.rita).delete)()
            return int((await communicator.receive_output(timeout=5))["code"])

    assert asyncio.run(watch()) == 4401


def test_a_changed_password_ends_the_connections_of_before(rita, cast, workspace, monkeypatch):
    """Whoever had got hold of the session does not go on looking."""
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.3)

    def change() -> None:
        cast.rita.set_password("another one, and a long one")
        cast.rita.save()

    async def watch() -> int:
        async with socket(rita, "/ws/trace/?after=99999") as communicator:
            assert await communicator.receive_nothing(timeout=0.7)
            await sync_to_async(change)()
            return int((await communicator.receive_output(timeout=5))["code"])

    assert asyncio.run(watch()) == 4401


def test_a_right_lost_while_the_past_is_being_sent_ends_it_there(
    rita, cast, workspace, start, now, monkeypatch
):
    """Catching up with a long log takes as long as it takes; the right to it is checked meanwhile."""
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0)
    monkeypatch.setattr(consumers, "PAGE", 1)
    monkeypatch.setattr(hub, "PAGE", 1)
    count = 200
    write(workspace.pk, now, count=count)

    async def watch() -> tuple[int, int]:
        async with socket(rita, f"/ws/trace/?after={start}") as communicator:
            await communicator.events()
            await sync_to_async(Membership.objects.filter(user=cast.rita).delete)()
            came = 1
            while "text" in (message := await communicator.receive_output(timeout=5)):
                came += 1
            return came, int(message["code"])

    came, code = asyncio.run(watch())
    assert code == 4401
    assert came < count


def test_what_cannot_be_told_of_one_workspace_disturbs_no_other(
    rita, cast, browse, workspace, elsewhere, start, now, monkeypatch
):
    """Who watches a log that cannot be put in words is cut off; others are fed."""
    mallory = cookie_of(browse(cast.mallory))
    read = hub.read

    def read_but_here(workspace_id: UUID, *args: Any) -> Any:
        if workspace_id == workspace.pk:
            raise ValueError("an event nobody can tell")
        return read(workspace_id, *args)

    async def watch() -> tuple[int, list[int]]:
        async with (
            socket(rita, f"/ws/trace/?after={start}") as here,
            socket(mallory, f"/ws/trace/?after={start}") as there,
        ):
            await asyncio.sleep(0.3)
            monkeypatch.setattr(hub, "read", read_but_here)
            await sync_to_async(write)(workspace.pk, now)
            code = (await here.receive_output(timeout=5))["code"]
            await sync_to_async(write)(elsewhere.pk, now)
            return code, await receive_until(there, start + 2)

    assert asyncio.run(watch()) == (4408, [start + 2])


def test_an_event_of_unknown_kind_is_sent_as_such(rita, workspace, start, now):
    """As another release or a forger writes it; what comes after it is sent too."""

    def write_unknown() -> None:
        with transaction.atomic():
            record(kind="of.tomorrow", workspace_id=workspace.pk, actor="system",
                   subject_kind="run", subject_id=uuid4(), now=now)  # fmt: skip
        sequence()
        write(workspace.pk, now)

    async def watch() -> list[dict[str, Any]]:
        async with socket(rita, f"/ws/trace/?after={start}") as communicator:
            await asyncio.sleep(0.3)
            await sync_to_async(write_unknown)()
            events: list[dict[str, Any]] = []
            while len(events) < 2:
                events += await communicator.events()
            return events

    odd, plain = asyncio.run(watch())
    assert "does not know" in odd["words"]
    assert odd["error"]
    assert plain["kind"] == Kind.RUN_STEPPED


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


def test_words_of_a_model_reach_who_watches_its_run_and_nobody_else(
    rita, cast, browse, workspace, elsewhere, run, start, now
):
    """They come between the events, without a number; not to the page of all events, not to other
    runs, not to other workspaces."""
    mallory = cookie_of(browse(cast.mallory))

    async def watch():
        async with (
            socket(rita, f"/ws/trace/{run.pk}/?after={start}") as watching,
            socket(rita, f"/ws/trace/?after={start}") as everything,
            socket(mallory, f"/ws/trace/?after={start}") as other,
        ):
            await until_heard(workspace.pk, run.pk, "Thinking")
            await sync_to_async(speak)(workspace.pk, uuid4(), "of another run")
            await sync_to_async(speak)(elsewhere.pk, run.pk, "of another workspace")
            await sync_to_async(write)(workspace.pk, now, run_id=run.pk, count=2)
            await sync_to_async(write)(elsewhere.pk, now)
            await sync_to_async(bell.announce)(start + 3)
            return (
                await heard_until(watching, start + 2),
                await heard_until(everything, start + 2),
                await heard_until(other, start + 3),
            )

    mine, all_events, hers = asyncio.run(watch())
    assert mine == (["Thinking"], [start + 1, start + 2])
    assert all_events == ([], [start + 1, start + 2])
    assert hers == ([], [start + 3])


def test_models_are_listened_to_only_while_a_run_is_watched(rita, workspace, run, start):
    """The page of all events does not make a model speak; nor does a page that was closed."""

    async def watch() -> int:
        async with socket(rita, f"/ws/trace/?after={start}"):
            async with socket(rita, f"/ws/trace/{run.pk}/?after={start}"):
                await until_heard(workspace.pk, run.pk, "x")
            async with asyncio.timeout(5):
                while await sync_to_async(speak)(workspace.pk, run.pk, "x"):
                    await asyncio.sleep(0.05)
            return await sync_to_async(speak)(workspace.pk, run.pk, "x")

    assert asyncio.run(watch()) == 0


def test_words_that_make_no_sense_disturb_nobody(rita, workspace, run, start, now, monkeypatch):
    """Whatever else is published there; what is no text at all is listened to anew."""
    monkeypatch.setattr(hub, "PAUSE_SECONDS", 0.1)

    async def watch() -> tuple[list[str], list[int]]:
        async with socket(rita, f"/ws/trace/{run.pk}/?after={start}") as watching:
            await until_heard(workspace.pk, run.pk, "sense")
            for text in ("{", "[]", "{}", '{"run": 7}'):
                await sync_to_async(streaming.publish)(streaming.channel_of(workspace.pk), text)
            await until_heard(workspace.pk, run.pk, "again")
            await sync_to_async(streaming.publish)(streaming.channel_of(workspace.pk), b"\xff")
            await asyncio.sleep(1)
            await until_heard(workspace.pk, run.pk, "and again")
            await sync_to_async(write)(workspace.pk, now, run_id=run.pk)
            return await heard_until(watching, start + 1)

    assert asyncio.run(watch()) == (["sense", "again", "and again"], [start + 1])


def test_a_viewer_cut_twenty_times_misses_nothing(rita, workspace, run, start, now):
    """Cut off without a word while events are written, resumed by number: all, once, in order."""

    async def watch() -> list[int]:
        places = [start]
        for _ in range(20):
            communicator = Socket(rita, f"/ws/trace/{run.pk}/?after={places[-1]}")
            assert await communicator.opened()
            places += [event["index"] for event in await communicator.events()]
            communicator.future.cancel()  # the process serving it is gone
        async with socket(rita, f"/ws/trace/{run.pk}/?after={places[-1]}") as communicator:
            writer.stopped.set()
            await asyncio.to_thread(writer.join)
            return places + await receive_until(communicator, start + writer.written)

    writer = Writer(workspace.pk, now, run.pk)
    writer.start()
    try:
        places = asyncio.run(watch())
    finally:
        writer.stopped.set()
        writer.join()
    assert writer.written >= 20
    assert places == list(range(start, start + writer.written + 1))


def test_rights_are_not_checked_for_all_at_one_moment():
    """Two hundred pages opened together ask the database one after the other."""
    began = time.monotonic()
    moments = [consumers.next_check() - began for _ in range(200)]
    assert max(moments) <= consumers.CHECK_SECONDS + 1
    assert max(moments) - min(moments) > consumers.CHECK_SECONDS / 4


def test_origins_are_checked(rita):
    """A page of another site cannot open the trace with the person's session."""
    assert "*" not in configured.ALLOWED_HOSTS

    assert not asyncio.run(Socket(rita, "/ws/trace/", b"http://evil.example").opened())
