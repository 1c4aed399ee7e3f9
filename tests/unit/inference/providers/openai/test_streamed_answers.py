"""A streamed answer is the same answer, heard as it comes; an endpoint that cannot, still answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import redis
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.inference import operations
from apps.inference.models import Call
from apps.inference.operations import ModelUnavailable
from apps.inference.providers import fake
from apps.inference.providers.base import (
    BrokenOff,
    Completion,
    Malformed,
    Question,
    Refused,
    TimedOut,
    Tool,
)
from apps.inference.providers.openai import OpenAIProvider
from apps.inference.streaming import channel_of
from tests.factories import inference as make
from tests.factories.loopback import LOOPBACK
from tests.unit.inference.test_operations import RUN
from tests.unit.inference.test_operations import complete as ask_operations

QUESTION = Question(
    model="m", messages=[{"role": "user", "content": "hi"}], max_output_tokens=10, timeout_s=5
)
TOOL = Tool(name="set_price", description="Set", parameters={"type": "object", "properties": {}})


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One server-sent event as OpenAI sends them."""
    choices = [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    body = {"model": "m-1", "choices": choices if delta is not None or finish else [], **more}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def stream(*chunks: bytes, missing: int = 0) -> Any:
    """A server that answers with these events."""
    return make.raw_server(
        b"".join(chunks), content_type="text/event-stream", missing_bytes=missing
    )


def ask(base_url: str) -> tuple[Completion, list[str]]:
    """The answer, and what was heard meanwhile."""
    heard: list[str] = []
    provider = OpenAIProvider(base_url=base_url, api_key="k", allowed=LOOPBACK)
    return provider.complete(QUESTION, heard.append), [one for one in heard if one]


def test_the_pieces_are_heard_and_make_the_answer() -> None:
    """Text, tokens, reason and model, as from a whole answer; U+2028 ends no line."""
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    with stream(
        b": a comment\n\n",
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Grüße,\u2028"}),
        chunk({"content": "Eva"}),
        chunk({}, "stop"),
        chunk(usage=usage),
        b"data: [DONE]\n\n",
    ) as url:
        answer, heard = ask(url)
    assert heard == ["Grüße,\u2028", "Eva"]
    assert answer.text == "Grüße,\u2028Eva"
    assert (answer.finish_reason, answer.model) == ("stop", "m-1")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (3, 2)


@pytest.mark.parametrize("numbered", [True, False])
def test_calls_of_tools_come_together(numbered: bool) -> None:
    """Arguments arrive in fragments; some servers number the calls, others do not."""

    def part(number: int, **fields: Any) -> bytes:
        return chunk({"tool_calls": [{**({"index": number} if numbered else {}), **fields}]})

    with stream(
        part(0, id="a", function={"name": "find_order", "arguments": '{"numb'}),
        part(0, function={"arguments": 'er": 1}'}),
        part(1, id="b", function={"name": "recall", "arguments": "{}"}),
        chunk({}, "tool_calls"),
    ) as url:
        answer, heard = ask(url)
    assert [(call.id, call.name, call.arguments) for call in answer.tool_calls] == [
        ("a", "find_order", '{"number": 1}'),
        ("b", "recall", "{}"),
    ]
    assert "".join(heard) == '\n→ find_order {"number": 1}\n→ recall {}'


def test_what_no_database_can_keep_is_not_heard_either() -> None:
    """NUL, and a name without end."""
    call = {"index": 0, "id": "a", "function": {"name": "re\0call", "arguments": "{}\0"}}
    with stream(
        chunk({"content": "ye\0s"}), chunk({"tool_calls": [call]}, "stop", model="m" * 500)
    ) as url:
        answer, heard = ask(url)
    assert (answer.text, answer.model) == ("yes", "m" * 100)
    assert (answer.tool_calls[0].name, answer.tool_calls[0].arguments) == ("recall", "{}")
    assert "\0" not in "".join(heard)


def test_an_answer_that_is_not_streamed_is_read_whole() -> None:
    """An endpoint that knows nothing of streams is as good as any."""
    body = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}
    with make.raw_server(json.dumps(body).encode()) as url:
        answer, heard = ask(url)
    assert (answer.text, heard) == ("yes", [])


@contextmanager
def server_without_streams(asked: list[dict[str, Any]], status: int = 400) -> Iterator[str]:
    """An endpoint that refuses a request for a stream."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            answer: dict[str, Any] = {
                "choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]
            }
            refused = "stream" in body
            content = json.dumps({"error": {"message": "?"}} if refused else answer).encode()
            self.send_response(status if refused else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_endpoint_that_refuses_streams_is_asked_for_the_whole() -> None:
    """And from then on at once."""
    asked: list[dict[str, Any]] = []
    with server_without_streams(asked) as url:
        assert [ask(url)[0].text for _ in range(2)] == ["whole", "whole"]
    assert ["stream" in body for body in asked] == [True, False, False]


def test_a_wrong_key_is_not_tried_again_without_a_stream() -> None:
    """A refusal that has nothing to do with streams is one request."""
    asked: list[dict[str, Any]] = []
    with server_without_streams(asked, status=401) as url, pytest.raises(Refused):
        ask(url)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("chunks", "error"),
    [
        ([chunk({"content": "cut"})], Malformed),
        ([chunk({"content": "cut"}), b"data: [DONE]\n\n"], Malformed),
        ([b"data: {not json\n\n"], Malformed),
        ([chunk({"content": 7}, "stop")], Malformed),
        ([chunk({"tool_calls": [{"index": 0, "id": "1"}]}, "tool_calls")], Malformed),
        ([b'data: {"error": {"message": "overloaded"}}\n\n'], BrokenOff),
        ([], Malformed),
    ],
)
def test_a_stream_that_is_not_whole_is_no_answer(chunks: list[bytes], error: type) -> None:
    """However it ends early, it is one of our errors."""
    with stream(*chunks) as url, pytest.raises(error):
        ask(url)


def test_a_stream_that_breaks_off_may_have_been_billed() -> None:
    """The connection ends before the announced length."""
    with stream(chunk({"content": "so"}), missing=100) as url, pytest.raises(BrokenOff) as caught:
        ask(url)
    assert caught.value.may_be_billed


def test_an_answer_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece comes in time, the end does not."""
    monkeypatch.setattr("apps.inference.providers.openai.provider.LONGEST", 0)
    with stream(chunk({"content": "and "})) as url, pytest.raises(TimedOut):
        ask(url)


def test_an_answer_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody fills our memory."""
    monkeypatch.setattr("apps.inference.providers.openai.limits.MOST_BYTES", 50)
    with stream(chunk({"content": "x" * 100})) as url, pytest.raises(Malformed, match="no end"):
        ask(url)


@pytest.fixture
def overheard(workspace: Workspace, settings: Settings) -> Iterator[Any]:
    """Reads what is told about the workspace's models."""
    with (
        redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as broker,
        broker.pubsub(ignore_subscribe_messages=True) as channel,
    ):
        channel.subscribe(channel_of(workspace.pk))
        channel.get_message(timeout=2)  # the confirmation

        def read() -> list[dict[str, Any]]:
            found = []
            while message := channel.get_message(timeout=0.5):
                found.append(json.loads(message["data"]))
            return found

        yield read


def test_a_call_is_told_while_it_lasts(
    workspace: Workspace, llmock: make.FaultServer, now: datetime, overheard: Any
) -> None:
    """The model's words in pieces, under the call's id, and nothing of the prompt."""
    make.tier(workspace)
    llmock.behave({"type": "reply", "text": "The parcel is refunded today."})
    assert ask_operations(workspace, now).text == "The parcel is refunded today."
    told, call = overheard(), Call.objects.get()
    assert "".join(one["text"] for one in told) == "The parcel is refunded today."
    assert {(one["run"], one["call"], one["purpose"]) for one in told} == {
        (str(RUN), str(call.pk), "plan")
    }
    assert [one["done"] for one in told] == [False] * (len(told) - 1) + [True]
    assert "canary" not in json.dumps(told)
    assert (call.outcome, call.estimated) == ("ok", False)


def test_a_streamed_call_of_tools_is_paid_and_recorded_as_any(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Tokens are the provider's own count."""
    make.tier(workspace)
    behaviour = {"type": "reply", "tool_calls": [{"name": "set_price", "arguments": {"sku": "A"}}]}
    llmock.behave(behaviour)
    answer = ask_operations(workspace, now, tools=[TOOL])
    assert [(one.name, json.loads(one.arguments)) for one in answer.tool_calls] == [
        ("set_price", {"sku": "A"})
    ]
    call = Call.objects.get()
    assert call.output_tokens > 0
    assert not call.estimated


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("disconnect", "error"), ("truncate", "malformed"), ("malformed", "malformed")],
)
def test_a_fault_within_the_stream_is_repeated(
    workspace: Workspace, llmock: make.FaultServer, now: datetime, kind: str, outcome: str
) -> None:
    """The attempt is charged, since it may be billed; the next one answers."""
    make.tier(workspace)
    llmock.behave(
        {"type": "stream_fault", "kind": kind, "after_chunks": 2},
        {"type": "reply", "text": "first and second"},
        {"type": "reply", "text": "whole"},
    )
    assert ask_operations(workspace, now).text == "whole"
    failed, ok = Call.objects.order_by("pk")
    assert (failed.outcome, ok.outcome) == (outcome, "ok")
    assert failed.cost == failed.reserved > 0


def test_a_stall_is_a_timeout(
    workspace: Workspace, llmock: make.FaultServer, now: datetime
) -> None:
    """Each wait for data is bounded."""
    make.tier(workspace, timeout_s=1)
    fault = {"type": "stream_fault", "kind": "stall", "after_chunks": 1, "stall_seconds": 2,
             "times": None}  # fmt: skip
    llmock.behave(fault)
    with pytest.raises(ModelUnavailable, match="no answer in time"):
        ask_operations(workspace, now)
    assert set(Call.objects.values_list("outcome", flat=True)) == {"timeout"}


def test_the_fake_says_its_lines_word_by_word(
    workspace: Workspace, now: datetime, overheard: Any
) -> None:
    """Like any other model."""
    make.tier(workspace, provider="fake")
    fake.script(Completion(text="one two  three"))
    ask_operations(workspace, now)
    told = overheard()
    assert "".join(one["text"] for one in told) == "one two  three"
    assert told[0]["text"] == "one"


def test_a_call_without_a_run_is_told_to_nobody(
    workspace: Workspace, now: datetime, overheard: Any
) -> None:
    """There is no page on which it could be watched."""
    make.tier(workspace, provider="fake")
    fake.script(Completion(text="quiet"))
    operations.complete(workspace=workspace, run_id=None, purpose="x", messages=[], now=now)
    assert overheard() == []


def test_a_broker_that_is_off_costs_the_answer_nothing(
    workspace: Workspace, now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words are lost, the call is not."""
    monkeypatch.setattr("apps.audit.bell._client", redis.Redis(port=1, socket_timeout=0.2))
    monkeypatch.setattr("apps.audit.bell._quiet_until", 0.0)
    make.tier(workspace, provider="fake")
    fake.script(Completion(text="all the same"))
    assert ask_operations(workspace, now).text == "all the same"
