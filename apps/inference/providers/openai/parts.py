"""What a message says, however it is wrapped: a text, parts, or parts within parts. Pure."""

from collections.abc import Iterator
from typing import Any

from apps.inference.providers.base import Malformed

_TEXT = ("text", "output_text", "input_text", "summary_text")
_THOUGHT = ("thinking", "reasoning", "thought", "reasoning_text", "reasoning_content")
_INSIDE = ("text", "thinking", "reasoning", "content", "summary", "value", "refusal")
_DEEPEST = 8


def said(content: Any) -> Iterator[tuple[bool, str]]:
    """Each piece of text in order, with whether it is a thought; parts of other kinds are left out.

    Raises `Malformed` if the content is none of the shapes a server may send.
    """
    if content is None:
        return
    if isinstance(content, str):
        yield False, content
    elif isinstance(content, dict):
        yield from _part(content)
    elif isinstance(content, list):
        for part in content:
            yield from _part(part)
    else:
        raise Malformed("the answer does not fit at content: it is no text")


def _part(part: Any) -> Iterator[tuple[bool, str]]:
    """The text of one part, by its kind."""
    if isinstance(part, str):
        yield False, part
    elif isinstance(part, dict):
        kind = part.get("type")
        if kind in _THOUGHT or part.get("thought") is True:  # Google marks a text so
            yield True, plain(part)
        elif kind in _TEXT or (kind is None and "text" in part):
            yield False, plain(part.get("text"))
        elif kind == "refusal":
            yield False, plain(part.get("refusal"))


def plain(value: Any, depth: int = 0) -> str:
    """All text in a value: a string, or strings in lists and in the members that hold text."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return "".join(plain(part, depth + 1) for part in value)
    if isinstance(value, dict):
        return "".join(plain(value[name], depth + 1) for name in _INSIDE if name in value)
    return ""
