"""A conversation is sent as its server wants it."""

from typing import Any

import pytest

from apps.inference.providers.base import Completion, Tool, ToolCall
from apps.inference.providers.openai.dialect import Dialect
from apps.inference.providers.openai.messages import (
    for_chat,
    for_responses,
    tool_for_chat,
    tool_for_responses,
)

CALL = ToolCall(id="a", name="recall", arguments="{}", extra={"extra_content": {"g": 1}})
RESULT = {"role": "tool", "tool_call_id": "a", "content": "found"}
ITEM = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "x"}


def talk(**replay: Any) -> list[Any]:
    """System, question, a call with its thoughts, its result."""
    said = Completion(text="", tool_calls=(CALL,), replay=replay).as_message()
    return [{"role": "system", "content": "be good"}, {"role": "user", "content": "hi"}, said,
            RESULT]  # fmt: skip


@pytest.mark.parametrize(
    ("reasoning", "sent"),
    [("given", {"reasoning_content": "hm"}), ("stripped", {}),
     ("demanded", {"reasoning_content": "hm"})],
)  # fmt: skip
def test_thoughts_go_back_with_the_calls_they_led_to(reasoning: str, sent: dict[str, Any]) -> None:
    """Unless the server does not take them."""
    said = for_chat(talk(reasoning_content="hm"), Dialect(reasoning=reasoning))[2]
    assert {key: said[key] for key in said if key.startswith("reasoning")} == sent
    assert said["tool_calls"][0]["extra_content"] == {"g": 1}


def test_thoughts_stay_here_where_no_tool_was_called() -> None:
    """DeepSeek's older models refuse them; OpenRouter's signed ones belong there all the same."""
    details = [{"type": "reasoning.text", "text": "hm"}]
    replay = {"reasoning_content": "hm", "reasoning_details": details}
    said = Completion(text="yes", replay=replay).as_message()
    [found] = for_chat([said], Dialect())
    assert found == {"role": "assistant", "content": "yes", "reasoning_details": details}


def test_a_demand_is_met_with_nothing_where_there_was_no_thought() -> None:
    """An empty text is enough for DeepSeek."""
    demanded = Dialect(reasoning="demanded")
    assert for_chat(talk(), demanded)[2]["reasoning_content"] == ""
    said = Completion(text="yes", replay={"reasoning_content": "hm"}).as_message()
    assert for_chat([said], demanded)[0]["reasoning_content"] == "hm"


def test_what_belongs_to_the_other_api_is_not_sent() -> None:
    """A fallback may speak another one."""
    assert "response_items" not in for_chat(talk(response_items=[ITEM]), Dialect())[2]


def test_a_template_without_a_system_gets_its_words_from_the_user() -> None:
    """Gemma's, for one; roles must take turns there."""
    found = for_chat(talk(), Dialect(system=False))
    assert [one["role"] for one in found] == ["user", "assistant", "tool"]
    assert found[0]["content"] == "be good\n\nhi"
    assert for_chat([{"role": "system", "content": "x"}], Dialect(system=False)) == [
        {"role": "user", "content": "x"}
    ]


def test_no_content_may_be_an_empty_one() -> None:
    """For servers that want a text always."""
    assert for_chat(talk(), Dialect(empty_content=True))[2]["content"] == ""
    assert for_chat(talk(), Dialect())[2]["content"] is None


def test_responses_get_items() -> None:
    """Thoughts first, then the call, then its result."""
    assert for_responses(talk(response_items=[ITEM])) == [
        {"role": "system", "content": "be good"},
        {"role": "user", "content": "hi"},
        ITEM,
        {"type": "function_call", "call_id": "a", "name": "recall", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "found"},
    ]


def test_a_tool_in_both_shapes() -> None:
    """Responses has no envelope."""
    tool = Tool(name="t", description="d", parameters={"type": "object"})
    assert tool_for_chat(tool)["function"]["name"] == "t"
    assert tool_for_responses(tool) == {
        "type": "function", "name": "t", "description": "d", "parameters": {"type": "object"},
        "strict": False,
    }  # fmt: skip
