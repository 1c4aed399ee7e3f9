"""Odd answers of models: whatever document comes, it is an answer or one of our errors.

Documents of every dialect are mutated and sent over real HTTP. Never is there another exception,
never does an error repeat a word of what came, never is a call without a name or a text that
cannot be kept. The control reads the same documents in the way that seems enough, and fails.
"""

import json
import re
from collections.abc import Callable, Iterator
from math import isfinite
from random import Random
from typing import Any

import pytest

from apps.inference.providers.base import Completion, ProviderError
from apps.inference.providers.openai import OpenAIProvider, dialect
from tests.factories.dialects import DIALECTS, VECTORS, Dialect
from tests.factories.endpoints import Reply, ask, endpoint
from tests.factories.loopback import LOOPBACK

REDUCED = 3_000
CANARY = "zqCANARYqz"
ODD: list[Any] = [
    None, "", " ", 0, -1, 1, True, False, 1.5, 1e308, 10**30, [], {}, [[]], [None], [{}], {"a": 1},
    "null", "[DONE]", "error", "\0", "\ud83d", "\ude00", "</think>", "<think>", "é" * 50, "9" * 40,
    {"message": CANARY, "code": CANARY}, {"error": {"message": CANARY, "code": 429}},
    [{"type": "text", "text": CANARY}], {"type": "text", "text": {"value": None}},
    float("nan"), float("inf"), "2026-01-01", "{", '{"x":1}', '{"x":1}{"x":2}', CANARY,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_learned() -> Iterator[None]:
    dialect.forget_all()
    yield
    dialect.forget_all()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value within a value."""
    yield path
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, key))


def mutated(document: Any, random: Random) -> Any:
    """The document with one value replaced, dropped, doubled, renamed or wrapped."""
    copy = json.loads(json.dumps(document))
    path = random.choice(list(places(copy)))
    if not path:
        return random.choice([copy, [copy], random.choice(ODD), {"response": copy}])
    parent = copy
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    move = random.randrange(6)
    if move == 0:
        del parent[key]
    elif move == 1 and isinstance(parent, list):
        parent.insert(key, json.loads(json.dumps(parent[key])))
    elif move == 2:
        parent[key] = random.choice([[parent[key]], {"value": parent[key]}, str(parent[key])])
    elif move == 3 and isinstance(parent, dict):
        parent[random.choice(["error", "index", "id", "type", "name", "content"])] = parent[key]
    else:
        parent[key] = random.choice(ODD)
    return copy


def written(documents: list[Any], one: Dialect, random: Random) -> bytes:
    """The bytes of an answer; sometimes cut, damaged or framed otherwise."""
    texts = [json.dumps(document).encode() for document in documents]
    if one.streamed and random.random() < 0.95:
        ends = random.choice([b"\n\n", b"\n\n", b"\r\n\r\n", b"\n"])
        body = b"".join(b"data: " + text + ends for text in texts) + b"data: [DONE]" + ends
    else:
        body = b"\n".join(texts)
    damage = random.random()
    if damage < 0.08:
        body = body[: random.randrange(len(body) + 1)]
    elif damage < 0.16:
        place = random.randrange(len(body) + 1)
        body = body[:place] + random.randbytes(random.randint(1, 4)) + body[place:]
    return body


def answer(random: Random) -> tuple[Dialect, Reply]:
    """A mutated answer of a random dialect, with its status and type."""
    one = random.choice(DIALECTS)
    documents = list(one.documents)
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        number = random.randrange(len(documents))
        documents[number] = mutated(documents[number], random)
    if random.random() < 0.1:
        random.shuffle(documents)
    return one, Reply(
        body=written(documents, one, random),
        status=random.choice([200] * 12 + [400, 404, 422, 429, 500, 503]),
        content_type=random.choice(["application/json", "text/event-stream", "text/plain"]),
    )


def sound(found: Completion) -> bool:
    """Whether an answer keeps what its type promises."""
    texts = [found.text, found.reasoning, found.finish_reason, found.model]
    for call in found.tool_calls:
        texts += [call.id, call.name, call.arguments]
    json.dumps(found.as_message(), ensure_ascii=False).encode()
    return (
        all(isinstance(one, str) and "\0" not in one and one.encode() is not None for one in texts)
        and all(call.name and call.id and call.arguments for call in found.tool_calls)
        and len({call.id for call in found.tool_calls}) == len(found.tool_calls)
        and bool(found.finish_reason)
        and (found.usage is None or found.usage.input_tokens + found.usage.output_tokens > 0)
    )


def naive(body: bytes) -> str:
    """The control: reading an answer in the way that works with one server."""
    events = re.findall(rb"data: (\{.*\})", body)
    if not events:
        return str(json.loads(body)["choices"][0]["message"]["content"])
    deltas = [json.loads(event)["choices"][0]["delta"] for event in events]
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    """How many documents (`--runs`)."""
    return int(request.config.getoption("--runs") or REDUCED)


def asked(url: str, one: Dialect, heard: list[str] | None) -> Completion | ProviderError:
    """What the product makes of the answer."""
    dialect.forget_all()
    try:
        return ask(url, heard, api=one.api)
    except ProviderError as error:
        return error


def breaks(body: bytes) -> bool:
    """Whether the control cannot read an answer."""
    try:
        naive(body)
    except Exception:  # noqa: BLE001 - that it may be any is the point
        return True
    return False


def told(error: ProviderError) -> bool:
    """Whether an error says something, and nothing of what came."""
    text = str(error)
    return CANARY.lower() not in text.lower() and 5 < len(text) < 200


@pytest.mark.reliability
@pytest.mark.timeout(3600)
def test_any_answer_is_an_answer_or_one_of_our_errors(
    runs: int, say: Callable[[str], None]
) -> None:
    """Thousands of documents; any other exception ends the test."""
    random = Random(20261130)
    answers = errors = control = 0
    current: list[Reply] = []
    with endpoint(lambda path, body: current[0]) as (url, _):
        for number in range(runs):
            one, reply = answer(random)
            current[:] = [reply]
            heard: list[str] = []
            found = asked(url, one, heard if random.random() < 0.7 else None)
            if isinstance(found, ProviderError):
                errors += 1
                assert told(found), (number, found, reply.body)
            else:
                answers += 1
                assert reply.status == 200, (number, reply.status)
                assert sound(found), (number, reply.body)
            "".join(heard).encode()
            control += breaks(reply.body)
    say(f"odd answers: {runs} of {len(DIALECTS)} dialects, {answers} read, {errors} refused as "
        f"our errors, 0 otherwise; the control broke {control} times")  # fmt: skip
    assert answers > runs / 5
    assert errors > runs / 5
    assert control > runs / 10


@pytest.mark.reliability
def test_any_vectors_are_vectors_or_one_of_our_errors(
    runs: int, say: Callable[[str], None]
) -> None:
    """As many as texts, each of finite numbers, or none at all."""
    random, total, read = Random(20261201), max(runs // 10, 100), 0
    current: list[Reply] = []
    with endpoint(lambda path, body: current[0]) as (url, _):
        provider = OpenAIProvider(base_url=url, api_key="k", allowed=LOOPBACK)
        for number in range(total):
            document = mutated(random.choice(VECTORS), random)
            current[:] = [Reply(body=json.dumps(document).encode())]
            dialect.forget_all()
            try:
                found = provider.embed(["a", "b"], model="m", dimensions=2, timeout_s=5)
            except ProviderError as caught:
                error: ProviderError = caught
            else:
                read += 1
                assert len(found.vectors) == 2, (number, document)
                assert all(isfinite(one) for vector in found.vectors for one in vector)
                continue
            assert told(error), (number, error, document)
    say(f"odd vectors: {total}, {read} read")
    assert 0 < read < total
