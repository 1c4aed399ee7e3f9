"""Outside systems for the connectors: the demo shop, and a server that answers as it is told."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.contract.shops import Shop, demo_shop
from tests.factories.gate import open_gate

Answer = tuple[int, bytes]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop shared by the tests of a session."""
    with demo_shop(tmp_path_factory.mktemp("demo") / "ledger.sqlite") as started:
        yield started


@pytest.fixture
def own_ledger(tmp_path: Path) -> Path:
    """A file for a demo shop of the test's own."""
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Start a server that gives one answer to everything; its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *words: object) -> None:
                """Stay quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nowhere() -> str:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _gate() -> Iterator[None]:
    """The connectors act here without the gateway around them."""
    with open_gate():
        yield
