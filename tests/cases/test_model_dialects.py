"""What servers of models were seen to answer, over real HTTP: it is read as it was meant."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from apps.inference.providers.base import ProviderError
from apps.inference.providers.openai import OpenAIProvider, dialect
from tests.factories import endpoints
from tests.factories.endpoints import Asked, Reply
from tests.factories.loopback import LOOPBACK


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    dialect.forget_all()
    yield
    dialect.forget_all()


def behave(recorded: dict[str, Any], sent: dict[str, Any]) -> Reply:
    """The recorded answer, or the refusal of the field the server does not take."""
    refused = recorded.get("refuse_if_field")
    if refused and refused in sent:
        error = {
            "message": f"unsupported {refused}",
            "type": "invalid_request_error",
            "param": refused,
            "code": "unsupported_parameter",
        }
        return Reply(status=400, body={"error": error})
    kind = recorded.get("content_type")
    if recorded.get("chunks") is not None and sent.get("stream"):
        reply = endpoints.events(
            *(one.encode() if isinstance(one, str) else one for one in recorded["chunks"])
        )
        return Reply(body=reply.body, content_type=kind or "text/event-stream")
    raw = recorded.get("raw", "").encode("latin-1") or json.dumps(recorded["body"]).encode()
    return Reply(body=raw, content_type=kind or "application/json")


def read(recorded: dict[str, Any]) -> tuple[dict[str, Any], Asked]:
    """What the product makes of it, in the words of the record, and what was asked."""
    with endpoints.endpoint(lambda path, sent: behave(recorded, sent)) as (url, asked):
        try:
            return ask(url, recorded), asked
        except ProviderError as error:
            return {"error": f"{type(error).__name__}: {error}"}, asked


def ask(url: str, recorded: dict[str, Any]) -> dict[str, Any]:
    """One question of the record's kind."""
    if recorded.get("kind") == "embed":
        provider = OpenAIProvider(base_url=url, api_key="x", allowed=LOOPBACK)
        return {"vectors": provider.embed(["a"], model="m", dimensions=3, timeout_s=5).vectors}
    answer = endpoints.ask(url, [] if recorded.get("chunks") is not None else None)
    calls = [[call.id, call.name, call.arguments] for call in answer.tool_calls]
    return {"text": answer.text, "finish": answer.finish_reason, "calls": calls}


def check(case: list[dict[str, Any]]) -> None:
    """Every dialect of the record is read as it is meant."""
    for recorded in case:
        found, _ = read(recorded)
        expected = recorded["expect"]
        assert {key: found.get(key) for key in expected} == expected, recorded["name"]


@pytest.mark.case("60-args-as-object")
def test_arguments_as_an_object(case: list[dict[str, Any]]) -> None:
    """They become the text everybody else sends."""
    check(case)


@pytest.mark.case("61-args-object-streamed-null")
def test_arguments_as_an_object_in_a_stream_or_null(case: list[dict[str, Any]]) -> None:
    """Null is a call without arguments."""
    check(case)
    found, _ = read(case[0])
    assert found["calls"] == [["a", "set_price", '{"x":1}']]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "{}"),
        ("", "{}"),
        ("  ", "{}"),
        (5, "5"),
        ([1], "[1]"),
        ({"name": "Größe"}, '{"name":"Größe"}'),
        ('{"x": 1}', '{"x": 1}'),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
def test_arguments_of_any_type(arguments: Any, text: str, streamed: bool) -> None:
    """Whatever JSON value, whole or streamed; the tool's schema judges it later."""
    call = {"index": 0, "id": "a", "function": {"name": "set_price", "arguments": arguments}}
    recorded: dict[str, Any] = {"body": None}
    if streamed:
        recorded["chunks"] = [endpoints.chunk({"tool_calls": [call]}, "tool_calls")]
    else:
        recorded["body"] = endpoints.whole({"tool_calls": [call]}, "tool_calls").body
    assert read(recorded)[0]["calls"] == [["a", "set_price", text]]


@pytest.mark.case("62-parallel-calls-index-0")
def test_parallel_calls_that_are_all_number_zero(case: list[dict[str, Any]]) -> None:
    """A new id and a name begin a new call."""
    check(case)


@pytest.mark.case("64-content-as-parts")
def test_content_in_parts(case: list[dict[str, Any]]) -> None:
    """Only what is said is the answer."""
    check(case)


@pytest.mark.case("66-usage-null")
def test_tokens_that_are_null(case: list[dict[str, Any]]) -> None:
    """Nothing was counted, and the cost is estimated."""
    check(case)


@pytest.mark.case("68-max-tokens-refused")
def test_the_limit_under_another_name(case: list[dict[str, Any]]) -> None:
    """Learned from the refusal, and remembered."""
    check(case)
    with endpoints.endpoint(lambda path, sent: behave(case[0], sent)) as (url, asked):
        for _ in range(2):
            ask(url, case[0])
    limits = [{"max_tokens", "max_completion_tokens"} & sent.keys() for _, sent in asked]
    assert limits == [{"max_tokens"}, {"max_completion_tokens"}, {"max_completion_tokens"}]


@pytest.mark.case("69-embedding-dimensions-refused")
def test_embeddings_without_a_choice_of_size(case: list[dict[str, Any]]) -> None:
    """A model that has one size only."""
    check(case)


@pytest.mark.case("70-embedding-format-and-index")
def test_embeddings_without_format_and_number(case: list[dict[str, Any]]) -> None:
    """Numbers are what comes anyway."""
    check(case)


@pytest.mark.case("71-emoji-split-between-chunks")
def test_a_character_split_between_chunks(case: list[dict[str, Any]]) -> None:
    """Both halves are one character again, for the answer and for who listens."""
    check(case)


@pytest.mark.case("73-nulls-for-empty")
def test_null_for_what_is_empty(case: list[dict[str, Any]]) -> None:
    """Ids and names that are not there."""
    check(case)


@pytest.mark.case("75-think-tags")
def test_thoughts_between_tags(case: list[dict[str, Any]]) -> None:
    """They are kept, but are not the answer."""
    check(case)


@pytest.mark.case("76-stream-as-text-plain")
def test_a_stream_that_does_not_say_so(case: list[dict[str, Any]]) -> None:
    """The content is believed, not its type; a mark of byte order is none of it."""
    check(case)


@pytest.mark.case("77-error-body-with-200")
def test_an_error_with_status_200(case: list[dict[str, Any]]) -> None:
    """As if the status said so; nothing was answered, so nothing is charged."""
    check(case)


@pytest.mark.case("78-error-finish-reason")
def test_an_error_as_the_reason_to_stop(case: list[dict[str, Any]]) -> None:
    """Half an answer is none."""
    check(case)
