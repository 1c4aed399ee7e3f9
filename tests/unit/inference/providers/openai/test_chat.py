"""An answer of Chat Completions comes together from whatever a server sends, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.inference.providers.base import BrokenOff, Completion, Malformed, ProviderError
from apps.inference.providers.openai import dialect, limits
from tests.factories.endpoints import Reply, ask, chunk, endpoint, events, whole


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    dialect.forget_all()
    yield
    dialect.forget_all()


def answered(reply: Reply, *, streamed: bool = True) -> tuple[Completion, str]:
    """The answer, and what was heard meanwhile."""
    heard: list[str] = []
    with endpoint(reply) as (url, _):
        return ask(url, heard if streamed else None), "".join(heard)


STREAMS: dict[str, list[Any]] = {
    "as OpenAI": [chunk({"role": "assistant", "content": ""}), chunk({"content": "hel"}),
                  chunk({"content": "lo"}), chunk({}, "stop"),
                  {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}],
    "null for everything": [
        chunk({"role": None, "content": None, "tool_calls": None, "refusal": None}),
        {"id": None, "model": None, "object": None, "choices": None, "usage": None},
        chunk(None), chunk({"content": "hello", "function_call": None}),
        {"choices": [None], "error": None},
        chunk({"content": None}, "stop", usage={"prompt_tokens": 5, "completion_tokens": 3})],
    "tokens in each chunk": [
        chunk({"content": "hel"}, usage={"prompt_tokens": 5, "completion_tokens": 1}),
        chunk({"content": "lo"}, "stop", usage={"prompt_tokens": 5, "completion_tokens": 3})],
    "tokens of Groq": [chunk({"content": "hello"}, "stop", x_groq={
        "usage": {"prompt_tokens": 5, "completion_tokens": 3}})],
    "tokens in the choice": [{"choices": [{"index": 0, "delta": {"content": "hello"},
        "finish_reason": "stop", "usage": {"prompt_tokens": 5, "completion_tokens": 3}}]}],
    "Azure's filter first": [{"choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        chunk({"content": "hello"}, "stop"),
        {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}}],
    "parts": [chunk({"content": [{"type": "text", "text": "hel"}]}),
        chunk({"content": [{"type": "text", "text": "lo"}]}, "stop",
              usage={"prompt_tokens": 5, "completion_tokens": 3})],
    "the message beside the delta": [
        {"choices": [{"delta": {"content": "hel"}, "message": {"content": "hel"}}]},
        {"choices": [{"delta": {"content": "lo"}, "message": {"content": "hello"},
                      "finish_reason": "stop"}],
         "usage": {"prompt_tokens": 5, "completion_tokens": 3}}],
    "the whole in one event": [whole({"content": "hello"}, usage={
        "prompt_tokens": 5, "completion_tokens": 3}).body],
    "an empty reason, then the end": [
        chunk({"content": "hello"}, "", usage={"prompt_tokens": 5, "completion_tokens": 3})],
    "another choice": [chunk({"content": "hello"}, "stop", usage={"prompt_tokens": 5,
        "completion_tokens": 3}), {"choices": [{"index": 1, "delta": {"content": "no"}}]}],
}  # fmt: skip


@pytest.mark.parametrize("documents", STREAMS.values(), ids=STREAMS.keys())
def test_a_stream_of_any_dialect(documents: list[Any]) -> None:
    """The same answer, the same tokens."""
    answer, heard = answered(events(*documents))
    assert (answer.text, answer.finish_reason) == ("hello", "stop")
    assert heard in ("hello", "")
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (5, 3)


@pytest.mark.parametrize("streamed", [True, False])
def test_a_stream_or_a_whole_answer_comes_to_who_asked_otherwise(streamed: bool) -> None:
    """Some servers stream always, some never."""
    assert answered(events(chunk({"content": "a"}, "stop")), streamed=streamed)[0].text == "a"
    assert answered(whole({"content": "a"}), streamed=streamed)[0].text == "a"
    lines = Reply(body=b'{"choices":[{"delta":{"content":"a"}}]}\n'
                  b'{"choices":[{"delta":{},"finish_reason":"stop"}]}\n')  # fmt: skip
    assert answered(lines, streamed=streamed)[0].text == "a"


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "<think>hm</think>\n\na"}, "a", "hm"),
        ({"content": "hm</think>a"}, "a", "hm"),
        ({"content": "a", "reasoning_content": "hm"}, "a", "hm"),
        ({"content": "a", "reasoning": "hm"}, "a", "hm"),
        ({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]},
         "a", "hm"),
        ({"content": None, "reasoning_content": "hm"}, "", "hm"),
        ({"content": None, "refusal": "I cannot"}, "I cannot", ""),
    ],
)  # fmt: skip
def test_thoughts_are_kept_apart(message: dict[str, Any], text: str, reasoning: str) -> None:
    """Whole or streamed."""
    for reply in (whole(message), events(chunk(message, "stop"))):
        answer, heard = answered(reply)
        assert (answer.text, answer.reasoning) == (text, reasoning)
        assert heard.strip() in (text, "")


def test_no_thought_is_heard() -> None:
    """The live trace tells the answer."""
    pieces = ["<th", "ink>se", "cret</thi", "nk>hel", "lo"]
    answer, heard = answered(
        events(*(chunk({"content": one}) for one in pieces), chunk({}, "stop"))
    )
    assert (answer.text, heard) == ("hello", "hello")


def test_a_model_that_begins_in_its_thought_is_quiet_from_the_second_time_on() -> None:
    """Its template opens the tag; that is learned for the endpoint and the model."""
    reply = events(*(chunk({"content": one}) for one in ("hm ", "hm</think>", "hello")),
                   chunk({}, "stop"))  # fmt: skip
    with endpoint(reply) as (url, _):
        ask(url, [])
        heard: list[str] = []
        assert ask(url, heard).text == "hello"
    assert heard == ["hello"]


def test_a_call_of_the_time_before_tools() -> None:
    """`function_call`, whole and streamed."""
    call = {"name": "set_price", "arguments": '{"x": 1}'}
    streamed = events(
        chunk({"function_call": {"name": "set_price", "arguments": ""}}),
        chunk({"function_call": {"arguments": '{"x": 1}'}}), chunk({}, "function_call"),
    )  # fmt: skip
    for reply in (whole({"content": None, "function_call": call}, "function_call"), streamed):
        answer, _ = answered(reply)
        assert [(one.name, one.arguments) for one in answer.tool_calls] == [
            ("set_price", '{"x": 1}')
        ]
        assert answer.finish_reason == "tool_calls"


def test_a_cut_answer_says_so_also_before_an_error() -> None:
    """OpenRouter sends the reason and then an error for the same limit."""
    reply = events(chunk({"content": "half an"}, "length"), {
        "error": {"code": 400, "message": "Token limit reached"},
        "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]})  # fmt: skip
    assert answered(reply)[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (events(chunk({"content": "hel"}, "error")), "BrokenOff"),
        (events(chunk({"content": "hel"}), {"error": {"code": 502}}), "BrokenOff"),
        (events(chunk({"reasoning_content": "hm"}), {"error": {"code": 429}}), "BrokenOff"),
        (events({"error": {"code": 502}}), "Failed"),
        (events({"error": {"code": 429}}), "RateLimited"),
        (events({"error": "x"}), "BrokenOff"),
        (Reply(body=b'event: error\ndata: {"message": "x"}\n\n'), "BrokenOff"),
        (Reply(body=b'error: {"code": 500, "message": "x", "type": "server_error"}\n\n'), "Failed"),
        (whole({"content": "x"}, "error"), "BrokenOff"),
        (whole({"content": ""}, "stop", error={"code": 503}), "Failed"),
        (Reply(body={"choices": [{"error": {"code": 502}, "message": {"content": "x"},
                                  "finish_reason": "error"}]}), "BrokenOff"),
        (Reply(body={"choices": [{"error": {"code": 429}, "message": {"content": ""},
                                  "finish_reason": "error"}]}), "RateLimited"),
        (Reply(body={"error": {"code": 401}}), "Refused"),
    ],
)  # fmt: skip
def test_an_error_with_status_200(reply: Reply, error: str) -> None:
    """What had begun to answer may be billed; what had not is as its code says."""
    with endpoint(reply) as (url, _), pytest.raises(ProviderError) as caught:
        ask(url, [])
    assert type(caught.value).__name__ == error
    assert caught.value.may_be_billed == isinstance(caught.value, BrokenOff)


@pytest.mark.parametrize(
    "reply",
    [
        events(chunk({"content": "cut"})),
        events(chunk({"content": "cut"}, ""), done=False),
        events(chunk({"content": 7}, "stop")),
        events({"choices": 5}),
        events(5),
        events(chunk({"tool_calls": "x"}, "stop")),
        events(chunk({"tool_calls": [{"id": "a"}]}, "tool_calls")),
        Reply(body=b"hello"),
        Reply(body=b"<html>login</html>", content_type="text/html"),
        Reply(body={"choices": [{"finish_reason": "stop"}]}),
        Reply(body={"choices": [{"message": None, "finish_reason": "stop"}]}),
        Reply(body={"ok": True}),
    ],
)
def test_what_is_no_answer_is_malformed(reply: Reply) -> None:
    """Whole or streamed."""
    with endpoint(reply) as (url, _), pytest.raises(Malformed):
        ask(url, [])


def test_a_text_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event is small, their sum is not."""
    monkeypatch.setattr(limits, "MOST_BYTES", 1_000)
    pieces = (
        b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % (b"x" * 100) for _ in range(99)
    )
    with endpoint(Reply(body=pieces)) as (url, _), pytest.raises(Malformed, match="no end"):
        ask(url, [])
