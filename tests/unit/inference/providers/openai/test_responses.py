"""An answer of the Responses API, whole and streamed, and the conversation that goes on with it."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.inference.providers.base import Completion, Malformed, ProviderError
from apps.inference.providers.openai import dialect
from tests.factories.endpoints import TOOL, Reply, ask, endpoint, events

THOUGHT = {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA", "status": None,
           "summary": [{"type": "summary_text", "text": "hm"}]}  # fmt: skip
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "set_price",
        "arguments": '{"x":1}', "status": "completed"}  # fmt: skip
SAID = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "hello", "annotations": []}]}  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    dialect.forget_all()
    yield
    dialect.forget_all()


def response(*output: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "id": "resp_1", "object": "response", "status": status, "model": "gpt", "error": None,
        "incomplete_details": None, "output": list(output),
        "usage": {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8}, **more,
    }  # fmt: skip


def stream(*output: Any, last: dict[str, Any] | None = None, items: bool = True) -> Reply:
    """The events of an answer, as OpenAI sends them."""
    found: list[Any] = [{"type": "response.created", "response": response(status="in_progress")}]
    for number, item in enumerate(output):
        added = {**item, "content": [], "arguments": ""}
        found += [{"type": "response.output_item.added", "output_index": number, "item": added}]
        if item["type"] == "message":
            found += [{"type": "response.output_text.delta", "output_index": number, "delta": one}
                      for one in ("hel", "lo")]  # fmt: skip
        if item["type"] == "function_call":
            found += [{"type": "response.function_call_arguments.delta", "output_index": number,
                       "delta": one} for one in ('{"x"', ":1}")]  # fmt: skip
        if items:
            done = "response.output_item.done"
            found += [{"type": done, "output_index": number, "item": item}]
    last = last or response(*output)
    found += [{"type": f"response.{last['status']}", "response": last}]
    return events(*found, done=False)


def asked_with(reply: Reply, **fields: Any) -> tuple[Completion, str, dict[str, Any]]:
    """The answer, what was heard, and the request."""
    heard: list[str] = []
    with endpoint(reply) as (url, asked):
        answer = ask(url, heard, api="responses", **fields)
    [(path, body)] = asked
    assert path == "/responses"
    return answer, "".join(heard), body


@pytest.mark.parametrize(
    "reply",
    [Reply(body=response(THOUGHT, SAID, CALL)), stream(THOUGHT, SAID, CALL),
     stream(THOUGHT, SAID, CALL, last=response(status="completed"))],
    ids=["whole", "streamed", "with nothing at the end"],
)  # fmt: skip
def test_text_calls_thoughts_and_tokens(reply: Reply) -> None:
    """However they come."""
    answer, heard, _ = asked_with(reply)
    assert (answer.text, answer.reasoning, answer.model) == ("hello", "hm", "gpt")
    [call] = answer.tool_calls
    assert (call.id, call.name, call.arguments) == ("call_1", "set_price", '{"x":1}')
    assert answer.finish_reason == "tool_calls"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (5, 3)
    assert heard in ('hello\n→ set_price {"x":1}', "")


def test_deltas_alone_make_the_answer() -> None:
    """Some servers close no item and list none at the end."""
    answer, _, _ = asked_with(stream(SAID, CALL, items=False, last=response()))
    assert answer.text == "hello"
    assert answer.tool_calls[0].arguments == '{"x":1}'


def test_the_request_keeps_nothing_at_the_server() -> None:
    """And asks for what is needed to go on: encrypted thoughts."""
    body = asked_with(Reply(body=response(SAID)))[2]
    assert body["store"] is False
    assert body["include"] == ["reasoning.encrypted_content"]
    assert body["max_output_tokens"] == 64
    assert body["tools"][0]["name"] == TOOL.name
    assert body["input"] == [{"role": "user", "content": "hi"}]


def test_a_conversation_goes_on_with_its_thoughts() -> None:
    """The reasoning item comes back before the call it led to, without its status."""
    said = asked_with(Reply(body=response(THOUGHT, CALL)))[0].as_message()
    result = {"role": "tool", "tool_call_id": "call_1", "content": "done"}
    messages = [{"role": "user", "content": "hi"}, said, result]
    body = asked_with(Reply(body=response(SAID)), messages=messages)[2]
    kept = {key: value for key, value in THOUGHT.items() if key != "status"}
    assert body["input"][1:] == [
        kept,
        {"type": "function_call", "call_id": "call_1", "name": "set_price",
         "arguments": '{"x":1}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "done"},
    ]  # fmt: skip


def test_a_thought_without_content_cannot_go_back() -> None:
    """Nothing is stored, so its id alone leads nowhere."""
    bare = {"type": "reasoning", "id": "rs_1", "summary": []}
    assert asked_with(Reply(body=response(bare, SAID)))[0].replay == {}


@pytest.mark.parametrize(
    ("details", "reason"),
    [({"reason": "max_output_tokens"}, "length"), ({"reason": "content_filter"}, "content_filter"),
     (None, "length")],
)  # fmt: skip
def test_a_cut_answer_says_so(details: Any, reason: str) -> None:
    """`incomplete` is not complete, whole or streamed."""
    cut = response(SAID, status="incomplete", incomplete_details=details)
    assert asked_with(Reply(body=cut))[0].finish_reason == reason
    assert asked_with(stream(SAID, last=cut))[0].finish_reason == reason


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(body=response(status="failed", error={"code": "server_error"})), "Failed"),
        (Reply(body=response(status="failed", error={"code": "rate_limit_exceeded"})),
         "RateLimited"),
        (stream(last=response(status="failed", error={"code": "server_error"})), "Failed"),
        (stream(SAID, last=response(status="failed", error=None)), "BrokenOff"),
        (events({"type": "error", "code": "rate_limit_exceeded", "message": "x"}), "RateLimited"),
        (events({"type": "error", "message": "x"}), "Failed"),
        (Reply(body={"error": {"code": 401}}), "Refused"),
        (Reply(body=response(SAID, status="cancelled")), "BrokenOff"),
    ],
)  # fmt: skip
def test_an_error_is_one_of_ours(reply: Reply, error: str) -> None:
    """By its code; what had begun may be billed."""
    with pytest.raises(ProviderError) as caught:
        asked_with(reply)
    assert type(caught.value).__name__ == error


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=response(SAID, status="in_progress")),
        Reply(body={"choices": []}),
        events({"type": "response.output_text.delta", "delta": "cut"}),
        Reply(body=response({"type": "function_call", "call_id": "a"})),
        Reply(body=b"[]"),
    ],
)
def test_what_is_no_answer_is_malformed(reply: Reply) -> None:
    """Cut, of the other API, or without a name."""
    with pytest.raises(Malformed):
        asked_with(reply)


def test_the_api_is_found_out() -> None:
    """An endpoint that knows only Responses for a model is asked there from then on."""

    def behave(path: str, body: dict[str, Any]) -> Reply:
        if path == "/responses":
            return Reply(body=response(SAID))
        message = "This model is only supported in v1/responses and not in v1/chat/completions."
        return Reply(status=404, body={"error": {"message": message, "param": "model"}})

    with endpoint(behave) as (url, asked):
        assert [ask(url).text for _ in range(2)] == ["hello", "hello"]
    assert [path for path, _ in asked] == ["/chat/completions", "/responses", "/responses"]


def test_an_operator_who_chose_chat_gets_chat() -> None:
    """No other address is tried."""
    with endpoint(Reply(status=404, body={"detail": "Not Found"})) as (url, asked):
        with pytest.raises(ProviderError, match="HTTP 404"):
            ask(url, api="chat")
        with pytest.raises(ProviderError, match="HTTP 404"):
            ask(url)
    assert [path for path, _ in asked] == ["/chat/completions"] * 2 + ["/responses"]


def test_what_a_server_does_not_take_is_left_out() -> None:
    """Encrypted thoughts, for one, where a model has none."""

    def behave(path: str, body: dict[str, Any]) -> Reply:
        if "include" in body:
            error = {"message": "Encrypted content is not supported", "param": "include"}
            return Reply(status=400, body={"error": error})
        return Reply(body=response(SAID))

    with endpoint(behave) as (url, asked):
        assert ask(url, api="responses").text == "hello"
    assert ["include" in body for _, body in asked] == [True, False]
