"""The words of a model while it says them: to who watches its run, and nobody else."""

import asyncio
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async

from apps.audit import bell
from apps.console import hub
from apps.inference import streaming
from tests.unit.console.live import (
    _close_the_readers_connection,
    cookie_of,
    heard_until,
    rita,
    run,
    socket,
    speak,
    start,
    until_heard,
    write,
)

__all__ = ["_close_the_readers_connection", "rita", "run", "start"]  # fixtures
pytestmark = pytest.mark.django_db(transaction=True)


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
