"""Model endpoints of any dialect: real HTTP servers that answer as a test says."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from apps.inference.providers.base import Completion, Question, Tool
from apps.inference.providers.openai import OpenAIProvider
from tests.factories.loopback import LOOPBACK

TOOL = Tool(name="set_price", description="Set a price", parameters={"type": "object"})


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server answers: a JSON value, or bytes as they are (also in pieces)."""

    body: Any = None
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def pieces(self) -> Iterable[bytes]:
        """The body as it is sent."""
        if isinstance(self.body, bytes):
            return [self.body]
        if isinstance(self.body, Iterator):
            return self.body
        return [json.dumps(self.body).encode()]


Asked = list[tuple[str, dict[str, Any]]]
Behaviour = Callable[[str, dict[str, Any]], Reply]


@contextmanager
def endpoint(behave: Behaviour | Reply) -> Iterator[tuple[str, Asked]]:
    """A server that answers each POST by path and body; yields its base URL and what it was asked.

    A body in pieces has no length: the connection's end is its end.
    """
    asked: Asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            body, path = json.loads(content), self.path.removeprefix("/v1")
            asked.append((path, body))
            reply = behave(path, body) if callable(behave) else behave
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if not isinstance(reply.body, Iterator):
                length = sum(len(piece) for piece in reply.pieces())
                self.send_header("Content-Length", str(length))
            self.end_headers()
            try:
                for piece in reply.pieces():
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:
                """Who asked has heard enough."""

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def events(*documents: Any, done: bool = True) -> Reply:
    """Server-sent events, the last of them `[DONE]`."""
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in documents]
    body = b"".join(b"data: " + text + b"\n\n" for text in [*texts, *([b"[DONE]"] * done)])
    return Reply(body=body, content_type="text/event-stream")


def whole(message: dict[str, Any], finish: Any = "stop", **more: Any) -> Reply:
    """A whole answer of Chat Completions."""
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return Reply(body={"model": "m", "choices": [choice], **more})


def chunk(delta: Any, finish: Any = None, **more: Any) -> dict[str, Any]:
    """A piece of a streamed answer."""
    return {
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **more,
    }


def ask(
    base_url: str, heard: list[str] | None = None, *, api: str = "auto", **fields: Any
) -> Completion:
    """The product's own provider asks for an answer; streamed where somebody listens."""
    question = Question(
        **{
            "model": "m",
            "messages": [{"role": "user", "content": "hi"}],
            "tools": [TOOL],
            "max_output_tokens": 64,
            "timeout_s": 5,
            **fields,
        }
    )
    provider = OpenAIProvider(
        base_url=base_url, api_key="sk-canary-0123456789", allowed=LOOPBACK, api=api
    )
    return provider.complete(question, heard.append if heard is not None else None)
