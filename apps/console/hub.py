"""One reader of the log per process for all its viewers: bounded queues, dense numbers.

The broker's message is only a hint to look now; without it the log is looked at every second. A
viewer that cannot keep up is cut off and resumes by number. The words of models come over the same
subscription and bypass the log: they have no number, and what is lost of them is not missed.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from apps.audit import queries as audit
from apps.audit.bell import TRACE_CHANNEL
from apps.console.presenters.trace import Row
from apps.console.timeline import rows_of
from apps.console.unseen import reveal
from apps.inference.streaming import channel_of

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
COALESCE_SECONDS = 0.025
PAGE = 500  # events per read and per message
QUEUE = 64  # messages a viewer may lie behind
WORDS = 16  # and still be sent the words of models
PAUSE_SECONDS = 2.0  # between attempts to reach the broker or the database


@dataclass(frozen=True)
class Line:
    """One event, ready to be sent."""

    index: int
    run_id: UUID | None
    text: str  # JSON object


@dataclass(frozen=True)
class Batch:
    """Lines sent together, as one text made once for all who watch the same."""

    lines: Sequence[Line]
    text: str  # JSON list

    def behind(self, sent: int) -> str:
        """The text of the lines behind a number; empty if there are none."""
        if self.lines[0].index > sent:
            return self.text
        fresh = [line for line in self.lines if line.index > sent]
        return pack(fresh) if fresh else ""


@dataclass(eq=False)
class Viewer:
    """An open page: what it watches, and what waits to be sent to it.

    In the queue are batches of events, and texts: the words of models, which may be lost.
    """

    workspace_id: UUID
    run_id: UUID | None
    queue: asyncio.Queue[Batch | str] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    overflowed: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, batch: Batch) -> None:
        """Queue events; a viewer that lies too far behind is told to resume."""
        if self.overflowed.is_set():
            return
        try:
            self.queue.put_nowait(batch)
        except asyncio.QueueFull:
            self.overflowed.set()

    def cut_off(self) -> None:
        """Tell it to resume, also if it waits for something to come."""
        self.overflowed.set()
        if self.queue.empty():
            self.queue.put_nowait("")

    def overhear(self, words: str) -> None:
        """Queue words of a model, unless the viewer is slow: events come first."""
        if self.queue.qsize() < WORDS:
            self.queue.put_nowait(words)


def read(workspace_id: UUID, after: int, run_id: UUID | None = None) -> list[Line]:
    """A page of events of a workspace behind `after`, in words."""
    events = audit.stream(workspace_id=workspace_id, after=after, run_id=run_id, limit=PAGE)
    return [line(row) for row in rows_of(workspace_id, events)]


def line(row: Row) -> Line:
    """The event as the browser gets it."""
    told, event = row.told, row.told.event
    content = {
        "index": event.index,
        "at": event.at.isoformat(),
        "kind": event.kind,
        "subject": {"kind": event.subject_kind, "id": event.subject_id},
        "run": str(event.run_id) if event.run_id else None,
        "who": told.who,
        "words": told.text,
        "icon": told.icon,
        "tone": told.tone,
        "about": told.about,
        "inbox": told.inbox,
        "stage": row.stage,
        "group": row.group,
        "error": row.error,
        "proposal": row.proposal,
        "call": row.figures.as_json() if row.figures else None,
    }
    return Line(event.index, event.run_id, reveal(json.dumps(content, ensure_ascii=False)))


def pack(lines: Iterable[Line]) -> str:
    """Lines as one message: a JSON list."""
    return f"[{','.join(line.text for line in lines)}]"


def batches(lines: Sequence[Line]) -> Callable[[UUID | None], Batch | None]:
    """What of the lines concerns a run (all of them for None); each text is made once."""

    @cache
    def of_run(run_id: UUID | None) -> Batch | None:
        own = [line for line in lines if run_id in (None, line.run_id)]
        return Batch(own, pack(own)) if own else None

    return of_run


class Hub:
    """The viewers of one event loop, fed by one subscription and one reader."""

    def __init__(self) -> None:
        """Nobody watches yet."""
        self._viewers: dict[UUID, set[Viewer]] = defaultdict(set)
        self._read_up_to: dict[UUID, int] = {}
        self._hint = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._joining = asyncio.Lock()
        self._channel: PubSub | None = None  # while the broker answers

    async def join(self, viewer: Viewer) -> int:
        """Feed the viewer from now on; return the number up to which it must read by itself."""
        async with self._joining:
            if viewer.workspace_id not in self._read_up_to:
                newest = await database_sync_to_async(audit.last_index)()
                self._read_up_to.setdefault(viewer.workspace_id, newest)
            self._viewers[viewer.workspace_id].add(viewer)
            if not self._tasks:
                self._tasks = [
                    asyncio.create_task(self._listen()),
                    asyncio.create_task(self._follow()),
                ]
            await self._tune(viewer.workspace_id)
            return self._read_up_to[viewer.workspace_id]

    async def leave(self, viewer: Viewer) -> None:
        """Stop feeding the viewer; the last one to leave stops the reader."""
        async with self._joining:
            self._viewers[viewer.workspace_id].discard(viewer)
            if not self._viewers[viewer.workspace_id]:
                del self._viewers[viewer.workspace_id]
                self._read_up_to.pop(viewer.workspace_id, None)
            if not self._viewers:
                tasks, self._tasks = self._tasks, []
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await self._tune(viewer.workspace_id)

    async def _tune(self, workspace_id: UUID) -> None:
        """Listen to a workspace's models only while somebody watches one of its runs."""
        channel, name = self._channel, channel_of(workspace_id)
        if channel is None:
            return
        wanted = name in self._wanted()
        with contextlib.suppress(RedisError, OSError):  # the listener begins again by itself
            if wanted and name not in channel.channels:
                await channel.subscribe(name)
            elif not wanted and name in channel.channels:
                await channel.unsubscribe(name)

    def _wanted(self) -> set[str]:
        """The channels of models somebody watches."""
        return {
            channel_of(workspace_id)
            for workspace_id, viewers in self._viewers.items()
            if any(viewer.run_id for viewer in viewers)
        }

    async def _listen(self) -> None:
        """Turn the broker's messages into hints, and pass words on, while somebody watches."""
        while True:
            try:
                # redis-py 8 gives sockets 5 s by default: a quiet channel would look dead
                broker = redis.asyncio.Redis.from_url(
                    settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=2,
                    socket_keepalive=True, decode_responses=True,
                )  # fmt: skip
                async with broker, broker.pubsub() as channel:
                    await channel.subscribe(TRACE_CHANNEL)
                    self._channel = channel
                    if wanted := self._wanted():
                        await channel.subscribe(*wanted)
                    async for message in channel.listen():
                        self._hear(message)
            except (RedisError, OSError, UnicodeDecodeError) as error:
                log.debug("No hints from the broker (%s); the log is polled.", error)
            finally:
                self._channel = None
            await asyncio.sleep(PAUSE_SECONDS)

    def _hear(self, message: Mapping[str, Any]) -> None:
        """A hint to look, or words of a model for those who watch its run."""
        if message["type"] != "message" or message["channel"] == TRACE_CHANNEL:
            self._hint.set()
            return
        try:
            said = json.loads(message["data"])
            run_id = UUID(said["run"])
            workspace_id = UUID(message["channel"].rpartition(":")[2])
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("Words came that are not those of a run.")
            return
        text = reveal(json.dumps({"tokens": said}, ensure_ascii=False))
        for viewer in self._viewers.get(workspace_id, ()):
            if viewer.run_id == run_id:
                viewer.overhear(text)

    async def _follow(self) -> None:
        """Read what is new, at once after a hint and else every second."""
        while True:
            with contextlib.suppress(TimeoutError):
                # not wait_for: before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(POLL_SECONDS):
                    await self._hint.wait()
            self._hint.clear()
            begun = time.monotonic()
            try:
                await self._spread()
            except Error as error:
                log.warning("The log cannot be read (%s); trying again.", error)
                await asyncio.sleep(PAUSE_SECONDS)
            await asyncio.sleep(max(COALESCE_SECONDS - (time.monotonic() - begun), 0))

    async def _spread(self) -> None:
        """Give every viewer what its workspace's log holds beyond the last read."""
        newest = await database_sync_to_async(audit.last_index)()
        for workspace_id in list(self._viewers):
            try:
                await self._feed(workspace_id, newest)
            except Error:
                raise
            except Exception:  # whatever one log holds: others are fed all the same
                log.exception("The log of workspace %s cannot be told.", workspace_id)
                if workspace_id in self._viewers:
                    self._read_up_to[workspace_id] = newest
                for viewer in self._viewers.get(workspace_id, ()):
                    viewer.cut_off()

    async def _feed(self, workspace_id: UUID, newest: int) -> None:
        """Give a workspace's viewers what its log holds between the last read and `newest`."""
        while (after := self._read_up_to.get(workspace_id, newest)) < newest:
            lines = await database_sync_to_async(read)(workspace_id, after)
            if workspace_id not in self._viewers:
                break
            of_run = batches(lines)
            # No await between moving the mark and feeding: who joins sees both or neither
            self._read_up_to[workspace_id] = seen_up_to(lines, newest)
            for viewer in self._viewers[workspace_id]:
                if batch := of_run(viewer.run_id):
                    viewer.offer(batch)


def seen_up_to(lines: Sequence[Line], newest: int) -> int:
    """Up to where a read has seen the log: to its end, unless the page was full."""
    if len(lines) == PAGE:
        return lines[-1].index
    return max(lines[-1].index, newest) if lines else newest


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
