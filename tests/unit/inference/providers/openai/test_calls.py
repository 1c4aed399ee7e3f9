"""Calls of tools are put together as they were meant, however a server cuts and numbers them."""

from typing import Any

import pytest

from apps.inference.providers.base import Malformed
from apps.inference.providers.openai.calls import Calls

NAMES = ("set_price", "recall", "recall_all")


def part(index: int | None = None, key: Any = None, name: Any = None, args: Any = None) -> Any:
    """A fragment; what is None is left out."""
    function = {"name": name, "arguments": args}
    found: dict[str, Any] = {"function": {k: v for k, v in function.items() if v is not None}}
    return found | {k: v for k, v in (("index", index), ("id", key)) if v is not None}


def gather(*parts: Any, whole: bool = False) -> list[tuple[str, str, str]]:
    calls = Calls(NAMES)
    for one in parts:
        calls.add(one, whole=whole)
    return [(call.id, call.name, call.arguments) for call in calls.whole()]


ONE, TWO = '{"x":1}', '{"x":2}'
BOTH = [("a", "set_price", ONE), ("b", "recall", TWO)]
FRAGMENTS = {
    "as OpenAI sends them": [
        part(0, "a", "set_price", ""), part(0, args='{"x"'), part(0, args=":1}"),
        part(1, "b", "recall", ""), part(1, args=TWO),
    ],
    "interleaved": [
        part(0, "a", "set_price"), part(1, "b", "recall"), part(0, args='{"x"'),
        part(1, args=TWO), part(0, args=":1}"),
    ],
    "all number zero": [
        part(0, "a", "set_price", '{"x"'), part(0, args=":1}"), part(0, "b", "recall", TWO),
    ],
    "without a number": [
        part(None, "a", "set_price", '{"x"'), part(None, args=":1}"),
        part(None, "b", "recall", TWO),
    ],
    "id in each fragment": [
        part(0, "a", "set_price"), part(0, "a", args='{"x"'), part(0, "a", args=":1}"),
        part(0, "b", "recall"), part(0, "b", args=TWO),
    ],
    "id and name in each fragment": [
        part(0, "a", "set_price", '{"x"'), part(0, "a", "set_price", ":1}"),
        part(1, "b", "recall", '{"x":'), part(1, "b", "recall", "2}"),
    ],
    "a new id for each fragment": [
        part(0, "a", "set_price", '{"x"'), part(0, "z", args=":1}"), part(1, "b", "recall", TWO),
    ],
    "by id alone, interleaved": [
        part(None, "a", "set_price"), part(None, "b", "recall"), part(None, "a", args='{"x"'),
        part(None, "b", args=TWO), part(None, "a", args=":1}"),
    ],
    "as objects": [part(0, "a", "set_price", {"x": 1}), part(0, "b", "recall", {"x": 2})],
    "an empty object, then text": [
        part(0, "a", "set_price", {}), part(0, args='{"x"'), part(0, args=":1}"),
        part(1, "b", "recall", {}), part(1, args=TWO),
    ],
    "text, then all of it as an object": [
        part(0, "a", "set_price", '{"x"'), part(0, args=":1}"), part(0, args={"x": 1}),
        part(1, "b", "recall", TWO),
    ],
    "the whole call once more": [
        part(0, "a", "set_price", '{"x"'), part(0, args=":1}"),
        part(0, "a", "set_price", ONE), part(1, "b", "recall", TWO),
        part(1, "b", "recall", TWO),
    ],
    "a name in two pieces": [
        part(0, "a", "set_"), part(0, name="price"), part(0, args=ONE), part(1, "b", "recall", TWO),
    ],
    "null between": [
        part(0, "a", "set_price"), {"index": 0, "id": None, "function": {"name": None,
        "arguments": None}}, part(0, args=ONE), None, part(0, "b", "recall", TWO),
    ],
    "without an envelope": [
        {"id": "a", "name": "set_price", "arguments": ONE},
        {"id": "b", "name": "recall", "arguments": {"x": 2}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("fragments", FRAGMENTS.values(), ids=FRAGMENTS.keys())
def test_two_calls_come_out_of_any_fragments(fragments: list[Any]) -> None:
    """None is lost, none is doubled, and no arguments run into each other."""
    assert gather(*fragments) == BOTH


@pytest.mark.parametrize("key", [None, "", "same"])
@pytest.mark.parametrize("index", [0, None])
def test_two_calls_of_one_tool_with_nothing_to_tell_them_apart(
    index: int | None, key: str | None
) -> None:
    """A complete object and another one are two calls, each with an id of its own."""
    found = gather(part(index, key, "set_price", ONE), part(index, key, "set_price", TWO))
    assert [call[1:] for call in found] == [("set_price", ONE), ("set_price", TWO)]
    assert len({call[0] for call in found}) == 2


@pytest.mark.parametrize("args", [ONE, {"x": 1}])
def test_calls_of_two_tools_without_ids_or_numbers(args: Any) -> None:
    """As Ollama sent them for a long time."""
    found = gather(part(0, None, "set_price", args), part(0, None, "recall", args))
    assert found == [("call_0", "set_price", ONE), ("call_1", "recall", ONE)]


def test_a_call_without_arguments_before_another() -> None:
    """The next name is not the rest of the first."""
    found = gather(part(0, "a", "recall"), part(0, "b", "recall_all"), part(0, args=ONE))
    assert found == [("a", "recall", "{}"), ("b", "recall_all", ONE)]


def test_calls_of_a_whole_message_are_each_their_own() -> None:
    """Whatever their numbers and ids say; a result goes to one of them only."""
    same = part(0, "call_1", "recall", ONE)
    found = gather(same, same, part(0, None, "recall", ONE), whole=True)
    assert [call[0] for call in found] == ["call_1", "call_1_2", "call_2"]


@pytest.mark.parametrize(
    "part_", [5, "set_price", [], {"id": "a"}, {"function": None}, {"function": {"name": ""}},
              {"function": {"name": None, "arguments": "{}"}}, {"function": {"name": {"a": 1}}}],
)  # fmt: skip
def test_what_names_no_tool_is_malformed(part_: Any) -> None:
    """Nothing can be done with it, and it is not passed over either."""
    with pytest.raises(Malformed):
        gather(part_)


def test_halves_of_a_character_meet_across_fragments() -> None:
    """One that stays half is written so that the reader of the arguments refuses it."""
    found = gather(part(0, "a", "recall", '{"t":"\ud83d'), part(0, args='\ude00"}'))
    assert found[0][2] == '{"t":"😀"}'
    assert gather(part(0, "a", "recall", '{"t":"\ud83d"}'))[0][2] == '{"t":"\\ud83d"}'


def test_the_servers_own_mark_of_a_call_is_kept() -> None:
    """Gemini refuses the next turn without its signature."""
    calls = Calls()
    mark = {"google": {"thought_signature": "c2ln"}}
    calls.add({**part(0, "a", "recall", "{}"), "extra_content": mark})
    assert calls.whole()[0].extra == {"extra_content": mark}


def test_what_is_new_is_told() -> None:
    """For who watches: the name once, and each piece of the arguments."""
    calls = Calls(NAMES)
    told = [calls.add(one) for one in FRAGMENTS["as OpenAI sends them"]]
    assert "".join(told) == f"\n→ set_price {ONE}\n→ recall {TWO}"


def test_many_fragments_cost_no_more_than_their_sum() -> None:
    """A server that repeats id and name with every character."""
    text = '{"text":"' + "x" * 40_000 + '"}'
    assert gather(*(part(0, "a", "recall", one) for one in text)) == [("a", "recall", text)]
