"""The floor: the `websockets` library's own broadcast of ready-made texts, and nothing else.

Reads one JSON line {port, texts, per_second, viewers} and says `ready`; at the next line it sends
the texts, one after the other, and answers with one JSON line: the moment each was due.
"""

import asyncio
import json
import sys
import time

from websockets.asyncio.server import ServerConnection, broadcast, serve


async def main() -> None:
    """Accept viewers, then broadcast at a steady pace."""
    loop = asyncio.get_running_loop()
    given = json.loads(await loop.run_in_executor(None, sys.stdin.readline))

    async def keep(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(keep, "127.0.0.1", given["port"], ping_interval=None) as server:
        print("ready", flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)
        moments = []
        began = time.monotonic()
        for number, text in enumerate(given["texts"]):
            moments.append(began + number / given["per_second"])
            await asyncio.sleep(max(moments[-1] - time.monotonic(), 0))
            broadcast(server.connections, text)
        print(json.dumps(moments), flush=True)
        await loop.run_in_executor(None, sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main())
