"""So many WebSocket clients in a process of their own, and one that is cut again and again.

Reads one JSON line {url, origin, cookies, after, cuts} and says `ready`; then a line with the last
number to wait for, and answers with one JSON line {seen: [[[index, moment], ...] per client],
cut: [index, ...], cuts: how often, cpu: seconds}. Moments are `time.monotonic()`, one clock for all
processes of a machine.
"""

import asyncio
import json
import random
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 20.0  # seconds after the last event was published
AT_ONCE = 10  # connections opened at the same time


@dataclass
class Viewer:
    """One client: what came, and when."""

    came: list[tuple[float, str]] = field(default_factory=list)
    last: int = 0

    async def watch(self, connection: ClientConnection) -> None:
        """Keep everything that comes until the connection ends; it is read later."""
        with suppress(ConnectionClosed):
            async for message in connection:
                self.came.append((time.monotonic(), str(message)))

    def numbers(self) -> list[tuple[int, float]]:
        """The numbers that came, in the order in which they came."""
        return [
            (event["index"], moment)
            for moment, text in self.came
            for event in json.loads(text)
        ]  # fmt: skip


def open_connection(given: dict[str, Any], cookie: str, after: int) -> connect:
    """A connection as a browser opens it."""
    return connect(
        f"{given['url']}?after={after}",
        origin=given["origin"],
        additional_headers={"Cookie": cookie} if cookie else {},
        proxy=None,
        max_size=None,
        ping_interval=None,
    )


async def watch_cut(
    given: dict[str, Any], cookie: str, done: asyncio.Event
) -> tuple[list[int], int]:
    """The numbers a client gets that is cut off hard, `cuts` times, and resumes by number."""
    numbers: list[int] = []
    cuts, last = 0, int(given["after"])
    while not done.is_set() or cuts < given["cuts"]:
        async with open_connection(given, cookie, last) as connection:
            cut_at = time.monotonic() + random.uniform(0.2, 0.5)
            while cuts >= given["cuts"] or time.monotonic() < cut_at:
                try:
                    async with asyncio.timeout(0.1):
                        message = await connection.recv()
                except TimeoutError:
                    if done.is_set() and cuts >= given["cuts"]:
                        return numbers, cuts
                    continue
                numbers += [event["index"] for event in json.loads(message)]
                last = numbers[-1] if numbers else last
            cuts += 1
            connection.transport.abort()
    return numbers, cuts


async def main() -> None:
    """Watch until everybody has seen the last number."""
    loop = asyncio.get_running_loop()
    given = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    *cookies, cut_cookie = given["cookies"]
    viewers = [Viewer() for _ in cookies]
    gate = asyncio.Semaphore(AT_ONCE)

    async def connected(cookie: str) -> ClientConnection:
        async with gate:
            return await open_connection(given, cookie, given["after"])

    connections = await asyncio.gather(*(connected(cookie) for cookie in cookies))
    tasks = [asyncio.create_task(v.watch(c)) for v, c in zip(viewers, connections, strict=True)]
    over = asyncio.Event()
    cutting = asyncio.create_task(watch_cut(given, cut_cookie, over)) if given["cuts"] else None
    print("ready", flush=True)
    began = time.process_time()
    last = int(await loop.run_in_executor(None, sys.stdin.readline))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not all(has_seen(viewer, last) for viewer in viewers):
        await asyncio.sleep(0.05)
    cpu = time.process_time() - began
    over.set()
    cut, cuts = await cutting if cutting else ([], 0)
    await asyncio.gather(*(connection.close() for connection in connections))
    await asyncio.gather(*tasks)
    seen = [viewer.numbers() for viewer in viewers]
    print(json.dumps({"seen": seen, "cut": cut, "cuts": cuts, "cpu": cpu}), flush=True)


def has_seen(viewer: Viewer, last: int) -> bool:
    """Whether the last message of a viewer is the last there is."""
    if not viewer.came:
        return False
    events = json.loads(viewer.came[-1][1])
    return bool(events) and events[-1]["index"] >= last


if __name__ == "__main__":
    asyncio.run(main())
