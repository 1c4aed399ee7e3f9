"""The dialects of llama.cpp, Ollama, vLLM, OpenRouter, OpenAI and others, over real HTTP."""

from collections.abc import Iterator

import pytest

from apps.inference.providers.openai import OpenAIProvider
from apps.inference.providers.openai import dialect as dialects
from tests.factories.dialects import DIALECTS, VECTORS, Dialect
from tests.factories.endpoints import Reply, ask, endpoint
from tests.factories.loopback import LOOPBACK

SERVERS = {"llamacpp", "ollama", "vllm", "openrouter", "openai"}


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    dialects.forget_all()
    yield
    dialects.forget_all()


def test_each_server_is_there_with_its_source() -> None:
    """Both whole and streamed."""
    for server in SERVERS:
        found = [one for one in DIALECTS if one.name.startswith(server)]
        assert {one.streamed for one in found} == {True, False}, server
    assert all(len(one.source) > 20 for one in DIALECTS)


@pytest.mark.parametrize("recorded", DIALECTS, ids=lambda one: one.name)
@pytest.mark.parametrize("listened", [True, False])
def test_a_dialect_is_read_as_it_is_meant(recorded: Dialect, listened: bool) -> None:
    """Whether somebody listens or not."""
    heard: list[str] = []
    with endpoint(recorded.reply()) as (url, _):
        answer = ask(url, heard if listened else None, api=recorded.api)
    usage = answer.usage and [answer.usage.input_tokens, answer.usage.output_tokens]
    found = {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "finish": answer.finish_reason,
        "calls": [[call.id, call.name, call.arguments] for call in answer.tool_calls],
        "usage": usage,
        "replay": answer.replay,
    }
    assert {key: found[key] for key in recorded.expect} == recorded.expect
    if answer.reasoning:
        assert answer.reasoning not in "".join(heard)


@pytest.mark.parametrize("body", VECTORS)
def test_vectors_of_a_dialect(body: object) -> None:
    """Two texts, two vectors of two numbers."""
    with endpoint(Reply(body=body)) as (url, _):
        provider = OpenAIProvider(base_url=url, api_key="", allowed=LOOPBACK)
        found = provider.embed(["a", "b"], model="m", dimensions=2, timeout_s=5)
    assert [len(vector) for vector in found.vectors] == [2, 2]
    assert found.vectors[0][0] in (0.1, 0.5)
