"""A proxy on loopback that lets writes through and then spoils what the caller learns of them.

Each request goes upstream on a connection of its own and is answered completely there before
anything is spoilt: whatever the caller sees, the back end has acted.
"""

import asyncio
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

RESET = struct.pack("ii", 1, 0)  # SO_LINGER of zero seconds: close sends RST
FAILED = b'{"code":"unknown_error","type":"unknown_error","message":"An unknown error occurred."}'
BLANK = b"\r\n\r\n"
FAULTS = ("error", "reset", "garbage", "cut", "silence")


@dataclass
class Proxy:
    """A running proxy; `spoil` arms it for the next request that matches."""

    upstream: str
    silence: float  # seconds an answer is held back; longer than the caller waits
    address: str = ""
    spoilt: int = 0
    _armed: list[tuple[str, str, re.Pattern[str]]] = field(default_factory=list)

    def spoil(self, fault: str, *, method: str = "POST", path: str = "") -> None:
        """Spoil the answer to the next such request whose path matches the regular expression."""
        assert fault in FAULTS
        self._armed.append((fault, method, re.compile(path)))

    def take(self, method: str, path: str) -> str | None:
        """The fault armed for this request, used up by it."""
        for armed in self._armed:
            if method == armed[1] and armed[2].search(path):
                self._armed.remove(armed)
                self.spoilt += 1
                return armed[0]
        return None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a caller; the connection is closed after it."""
        try:
            head, body = await read_request(reader)
            method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
            answer = await self._forward(head, body)
            await self._pass_on(writer, answer, self.take(method, path))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller has gone
        finally:
            writer.close()

    async def _forward(self, head: bytes, body: bytes) -> bytes:
        """The back end's whole answer."""
        to = urlsplit(self.upstream)
        reader, writer = await asyncio.open_connection(to.hostname, to.port)
        try:
            writer.write(for_one_request(head) + body)
            await writer.drain()
            return await reader.read()  # until it closes
        finally:
            writer.close()

    async def _pass_on(
        self, writer: asyncio.StreamWriter, answer: bytes, fault: str | None
    ) -> None:
        if fault == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
            return
        if fault == "silence":
            await asyncio.sleep(self.silence)
        elif fault == "error":
            answer = answer_of(b"500 Internal Server Error", FAILED)
        elif fault == "garbage":
            answer = answer_of(b"200 OK", b"<html>\xff\x00 Bad gateway")
        elif fault == "cut":
            answer = answer[: answer.index(BLANK) + len(BLANK) + 10]
        writer.write(answer)
        await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of a request that gives its length."""
    head = await reader.readuntil(BLANK)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return head, await reader.readexactly(int(length.group(1)) if length else 0)


def for_one_request(head: bytes) -> bytes:
    """The head, asking the back end to close the connection after its answer."""
    lines = [line for line in head.removesuffix(BLANK).split(b"\r\n")
             if not line.lower().startswith((b"connection:", b"accept-encoding:"))]  # fmt: skip
    return b"\r\n".join([*lines, b"Connection: close"]) + BLANK


def answer_of(status: bytes, body: bytes) -> bytes:
    """A whole answer."""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    return head % (status, len(body)) + b"Connection: close\r\n\r\n" + body


@contextmanager
def fault_proxy(upstream: str, *, silence: float) -> Iterator[Proxy]:
    """A proxy before the server at `upstream`, on a free port, in a thread of its own."""
    proxy, loop = Proxy(upstream, silence), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(proxy.serve, "127.0.0.1", 0))
    proxy.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _stop(server: asyncio.Server) -> None:
    """Take nothing more, and end what is still held back."""
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
