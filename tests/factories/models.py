"""A model endpoint whose every turn is decided by a function of what it is asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Message = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a model says: words, calls as (name, arguments), and why it stopped."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()
    finish: str = ""

    def as_choice(self) -> dict[str, Any]:
        """The turn as OpenAI's protocol has it; arguments that are text go out as they are."""
        calls = [
            {
                "id": f"call_{place}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": said if isinstance(said, str) else json.dumps(said),
                },
            }
            for place, (name, said) in enumerate(self.calls)
        ]
        message: Message = {"role": "assistant", "content": self.text or None}
        if calls:
            message["tool_calls"] = calls
        finish = self.finish or ("tool_calls" if calls else "stop")
        return {"index": 0, "message": message, "finish_reason": finish}


def call(name: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """A call of a tool."""
    return name, arguments


@dataclass(kw_only=True)
class ModelServer:
    """A running endpoint and all it was asked, oldest first."""

    base_url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def conversations(self) -> list[list[Message]]:
        """The messages of every request."""
        return [list(request["messages"]) for request in self.asked]

    def told(self) -> str:
        """All that was ever told to the model by us: everything but its own words."""
        return "\n".join(
            str(message.get("content"))
            for conversation in self.conversations()
            for message in conversation
            if message["role"] != "assistant"
        )


@contextmanager
def model_server(turn: Callable[[list[Message]], Turn]) -> Iterator[ModelServer]:
    """An endpoint that says what `turn` makes of the conversation so far."""
    server = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append(request)
            body = json.dumps(
                {
                    "id": f"chat-{len(server.asked)}",
                    "object": "chat.completion",
                    "model": "scripted-1",
                    "choices": [turn(request["messages"]).as_choice()],
                    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    server.base_url = f"http://127.0.0.1:{running.server_address[1]}/v1"
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def turns(*said: Turn) -> Callable[[list[Message]], Turn]:
    """One turn after the other; the last is said again and again."""
    rest = list(said)
    return lambda _: rest.pop(0) if len(rest) > 1 else rest[0]


def results(messages: list[Message]) -> list[str]:
    """What the tools have answered so far."""
    return [str(one["content"]) for one in messages if one["role"] == "tool"]
