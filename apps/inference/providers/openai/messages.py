"""The conversation as an endpoint takes it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.inference.providers.base import RESPONSE_ITEMS, Message, Tool
from apps.inference.providers.openai.dialect import Dialect
from apps.inference.providers.openai.reasoning import FIELDS, PLAIN


def for_chat(messages: Sequence[Message], dialect: Dialect) -> list[dict[str, Any]]:
    """Messages of Chat Completions.

    Earlier thoughts go back under the name they came by where tools were called: DeepSeek and
    OpenRouter demand it there, and DeepSeek's older models refuse it elsewhere.
    """
    working = any(message.get("role") == "tool" for message in messages)
    found = [_message(message, dialect, working=working) for message in messages]
    return found if dialect.system else _without_system(found)


def _message(message: Message, dialect: Dialect, *, working: bool) -> dict[str, Any]:
    content = {name: value for name, value in message.items() if name != RESPONSE_ITEMS}
    if message.get("role") != "assistant":
        return content
    if dialect.reasoning == "stripped":
        content = {name: value for name, value in content.items() if name not in FIELDS}
    elif dialect.reasoning == "given" and not working:
        content = {name: value for name, value in content.items() if name not in PLAIN}
    if dialect.reasoning == "demanded":
        content.setdefault("reasoning_content", "")
    if dialect.empty_content and content.get("content") is None:
        content["content"] = ""
    return content


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The system's words at the head of the first message of the user."""
    system = [message for message in messages if message.get("role") == "system"]
    rest = [message for message in messages if message.get("role") != "system"]
    words = "\n\n".join(str(text.get("content") or "") for text in system)
    if not rest or rest[0].get("role") != "user":
        return [{"role": "user", "content": words}, *rest]
    first = {**rest[0], "content": f"{words}\n\n{rest[0].get('content') or ''}".strip()}
    return [first, *rest[1:]]


def for_responses(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Input items of Responses: thoughts come back before the calls they led to."""
    items: list[dict[str, Any]] = []
    for message in messages:
        role = message.get("role")
        if role == "tool":
            items.append(
                {
                    "type": "function_call_output",
                    "call_id": message.get("tool_call_id"),
                    "output": message.get("content") or "",
                }
            )
            continue
        items += message.get(RESPONSE_ITEMS) or ()
        if message.get("content"):
            items.append({"role": role, "content": message["content"]})
        items += [_call_item(call) for call in message.get("tool_calls") or ()]
    return items


def _call_item(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {
        "type": "function_call",
        "call_id": call["id"],
        "name": function["name"],
        "arguments": function["arguments"],
    }


def tool_for_chat(tool: Tool) -> dict[str, Any]:
    """A tool as Chat Completions wants it."""
    return {"type": "function", "function": _function(tool)}


def tool_for_responses(tool: Tool) -> dict[str, Any]:
    """A tool as Responses wants it; `strict` would change the schema."""
    return {"type": "function", **_function(tool), "strict": False}


def _function(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
