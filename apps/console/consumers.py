"""The live trace over a WebSocket: stored events behind a number, then new ones as they come.

A message is a JSON list of events; on the page of a run also an object, `{"tokens": {...}}`: the
words of a model while it says them, as `inference.streaming` tells them.

Close codes: 4401 sign in, 4403 not a member or not this workspace's run, 4408 too slow, resume.
"""

import asyncio
import random
import time
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from apps.accounts.models import User
from apps.accounts.permissions import can
from apps.agents import queries as agents
from apps.console.access import CHOSEN, find_seat
from apps.console.hub import PAGE, Batch, Viewer, hub, pack, read

NOT_SIGNED_IN, NOT_YOURS, TOO_SLOW, BROKEN = 4401, 4403, 4408, 1011
CHECK_SECONDS = 30.0  # after at most so long an open page's right to look is checked again


class TraceConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    """`/ws/trace/` and `/ws/trace/<run>/`, both with `?after=<number>`."""

    feeding: asyncio.Task[None] | None = None
    check_at = 0.0  # when the right to look is checked again

    async def connect(self) -> None:
        """Accept, then close with a code where the person may not look: browsers hide refusals."""
        await self.accept()
        user = self.scope.get("user")
        if not isinstance(user, User):
            await self.close(NOT_SIGNED_IN)
            return
        run_id: UUID | None = self.scope["url_route"]["kwargs"].get("run_id")
        workspace_id = await database_sync_to_async(find_workspace)(
            user, self.scope["session"].get(CHOSEN), run_id
        )
        if workspace_id is None:
            await self.close(NOT_YOURS)
            return
        viewer = Viewer(workspace_id, run_id)
        self.feeding = asyncio.create_task(self.feed(viewer, user, self.last_seen()))

    async def disconnect(self, code: int) -> None:
        """Stop feeding."""
        if self.feeding is not None:
            self.feeding.cancel()

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        """Nothing a browser says here matters."""

    def last_seen(self) -> int:
        """The number behind which the browser wants events; 0 unless it says a plain number."""
        [text, *_] = parse_qs(self.scope["query_string"].decode("latin-1")).get("after", ["0"])
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

    async def feed(self, viewer: Viewer, user: User, sent: int) -> None:
        """Serve the viewer, then say with a code why that ended."""
        code: int | None = BROKEN
        try:
            code = await self.serve(viewer, user, sent)
        except (asyncio.CancelledError, OSError):  # the browser is gone
            code = None
            raise
        finally:
            await hub().leave(viewer)
            if code is not None:
                await self.close(code)

    async def serve(self, viewer: Viewer, user: User, sent: int) -> int:
        """Send stored events up to where the hub takes over, then what the hub offers.

        Returns the close code once the viewer is too slow or may not look any more.
        """
        self.check_at = next_check()
        live_from = await hub().join(viewer)
        while sent < live_from:
            sent = await self.send_stored(viewer, sent, live_from)
            if not await self.may_look(viewer, user):
                return NOT_SIGNED_IN
        while not viewer.overflowed.is_set():
            sent = await self.send_offered(viewer, sent)
            if not await self.may_look(viewer, user):
                return NOT_SIGNED_IN
        return TOO_SLOW

    async def send_stored(self, viewer: Viewer, sent: int, live_from: int) -> int:
        """Send a page of what is stored behind `sent`, at most up to `live_from`.

        Returns how far the browser is.
        """
        page = await database_sync_to_async(read)(viewer.workspace_id, sent, viewer.run_id)
        stored = [line for line in page if line.index <= live_from]
        if stored:
            await self.send(pack(stored))
        return stored[-1].index if len(stored) == PAGE else live_from

    async def send_offered(self, viewer: Viewer, sent: int) -> int:
        """Send what the hub offers next, if anything until a check is due.

        Returns how far the browser is.
        """
        came: Batch | str = ""
        with suppress(TimeoutError):
            # not wait_for: before Python 3.12 it can swallow the cancellation of a closed page
            async with asyncio.timeout(max(self.check_at - time.monotonic(), 0)):
                came = await viewer.queue.get()
        if isinstance(came, str):
            if came:
                await self.send(came)
        elif fresh := came.behind(sent):
            await self.send(fresh)
            return came.lines[-1].index
        return sent

    async def may_look(self, viewer: Viewer, user: User) -> bool:
        """Whether the person may go on looking; asked of the database when it is due."""
        if time.monotonic() < self.check_at:
            return True
        self.check_at = next_check()
        look = database_sync_to_async(may_still_look)
        return bool(await look(user, self.scope["session"], viewer.workspace_id))


def next_check() -> float:
    """When to check again; not at one moment for all who came at one moment."""
    return time.monotonic() + CHECK_SECONDS * random.uniform(0.6, 1.0)  # noqa: S311  (no secret)


def find_workspace(user: User, chosen: object, run_id: UUID | None) -> UUID | None:
    """The workspace the person looks at, if it has the run."""
    seat = find_seat(user, chosen)
    if seat is None:
        return None
    known = run_id is None or agents.runs_of(seat.workspace.pk).filter(pk=run_id).exists()
    return seat.workspace.pk if known else None


def may_still_look(user: User, session: SessionBase, workspace_id: UUID) -> bool:
    """Whether the session, the password it was opened with and the membership still stand."""
    alive = session.session_key is None or session.exists(session.session_key)
    return alive and can(user, "read", workspace_id) and has_its_password(user.pk, session)


def has_its_password(user_id: UUID, session: SessionBase) -> bool:
    """Whether the person's password is that with which the session was opened."""
    person = User.objects.get(pk=user_id)
    wanted = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
    given = session.get(HASH_SESSION_KEY, "")
    return any(constant_time_compare(given, kind) for kind in wanted)
