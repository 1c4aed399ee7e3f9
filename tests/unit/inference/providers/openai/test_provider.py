"""Answers from an endpoint are untrusted: whatever comes, it is an answer or one of our errors."""

import json

import pytest

from apps.inference.providers.base import (
    BrokenOff,
    Completion,
    Malformed,
    ProviderError,
    Question,
    Unreachable,
)
from apps.inference.providers.openai import OpenAIProvider
from tests.factories import inference as make
from tests.factories.loopback import LOOPBACK

QUESTION = Question(
    model="m", messages=[{"role": "user", "content": "hi"}], max_output_tokens=10, timeout_s=5
)
WHOLE = {"message": {"content": "yes"}, "finish_reason": "stop"}


def ask(base_url: str) -> Completion:
    return OpenAIProvider(base_url=base_url, api_key="k", allowed=LOOPBACK).complete(QUESTION)


def answer(*choices: object, **more: object) -> bytes:
    return json.dumps({"choices": list(choices), **more}).encode()


def test_a_whole_answer_is_read() -> None:
    """Text, tokens, reason and model."""
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    with make.raw_server(answer(WHOLE, usage=usage, model="m-1", news=True)) as url:
        completion = ask(url)
    assert (completion.text, completion.finish_reason, completion.model) == ("yes", "stop", "m-1")
    assert completion.usage is not None
    assert completion.usage.input_tokens == 3


def test_tool_calls_keep_their_raw_arguments() -> None:
    """Checking them is the caller's job, with the tool's schema."""
    calls = [{"id": "c1", "type": "function", "function": {"name": "t", "arguments": '{"a": '}}]
    choice = {"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}
    with make.raw_server(answer(choice)) as url:
        completion = ask(url)
    assert completion.tool_calls[0].arguments == '{"a": '
    assert completion.as_message()["tool_calls"] == calls


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"choices": [{"message"',
        answer(),
        answer({"finish_reason": "stop"}),
        answer({"message": {"content": 7}, "finish_reason": "stop"}),
        answer({"message": {"content": "cut", "tool_calls": None}, "finish_reason": None}),
        answer({"message": {"tool_calls": [{"id": "1"}]}, "finish_reason": "tool_calls"}),
        b'{"choices": "\xff\xfe"}',
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html"])
def test_a_malformed_body_is_malformed(body: bytes, content_type: str) -> None:
    """Broken JSON, missing parts and cut answers never escape as another exception."""
    with make.raw_server(body, content_type=content_type) as url, pytest.raises(Malformed):
        ask(url)


def test_what_no_database_can_keep_does_not_come_in() -> None:
    """NUL is dropped, a name is cut: later a run would stumble over either, again and again."""
    call = {"id": "c\0", "function": {"name": "t\0", "arguments": "{}\0"}}
    choice = {"message": {"content": "ye\0s", "tool_calls": [call]}, "finish_reason": "stop\0"}
    with make.raw_server(answer(choice, model="\0" + "m" * 500)) as url:
        completion = ask(url)
    assert (completion.text, completion.finish_reason) == ("yes", "stop")
    assert completion.model == "m" * 100
    [wish] = completion.tool_calls
    assert (wish.id, wish.name, wish.arguments) == ("c", "t", "{}")


@pytest.mark.parametrize("counted", [2**31, 10**30])
def test_a_count_of_tokens_no_model_can_have_is_not_believed(counted: int) -> None:
    """The provider counts nothing then, and the cost is estimated."""
    for name in ("prompt_tokens", "completion_tokens"):
        with make.raw_server(answer(WHOLE, usage={name: counted})) as url:
            assert ask(url).usage is None


def test_a_body_that_breaks_off_may_have_been_billed() -> None:
    """The connection ends before the announced length."""
    with (
        make.raw_server(answer(WHOLE), missing_bytes=50) as url,
        pytest.raises(ProviderError) as caught,
    ):
        ask(url)
    assert isinstance(caught.value, BrokenOff)
    assert caught.value.may_be_billed


def test_a_refused_connection_was_certainly_not_billed() -> None:
    """Nobody listens."""
    with pytest.raises(Unreachable) as caught:
        ask(f"http://127.0.0.1:{make.free_port()}/v1")
    assert not caught.value.may_be_billed


def test_vectors_must_match_the_texts() -> None:
    """A missing vector is not shifted onto another text."""
    body = json.dumps({"data": [{"index": 1, "embedding": [0.1]}]}).encode()
    with make.raw_server(body) as url, pytest.raises(Malformed, match="1 vectors came for 2"):
        OpenAIProvider(base_url=url, api_key="", allowed=LOOPBACK).embed(
            ["a", "b"], model="m", dimensions=1, timeout_s=5
        )
