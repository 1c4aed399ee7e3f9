"""The live trace: from the log and the hub without gap or repetition, and only to members."""

import asyncio
import threading
import time
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as configured
from django.db import connection, transaction

from apps.accounts.models import Membership, Workspace
from apps.audit import bell
from apps.audit.kinds import Kind
from apps.audit.operations import sequence
from apps.console import consumers, hub
from tests.factories.events import record
from tests.unit.console.live import (
    Socket,
    _close_the_readers_connection,
    cookie_of,
    receive_until,
    rita,
    run,
    socket,
    start,
    write,
)

__all__ = ["_close_the_readers_connection", "rita", "run", "start"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)


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
