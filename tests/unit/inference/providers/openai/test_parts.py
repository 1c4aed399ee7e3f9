"""What a message says is found in any wrapping."""

from typing import Any

import pytest

from apps.inference.providers.base import Malformed
from apps.inference.providers.openai.parts import plain, said

CONTENTS: list[tuple[Any, str, str]] = [
    ("hello", "hello", ""),
    (None, "", ""),
    ([], "", ""),
    (["hel", "lo"], "hello", ""),
    ([{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}], "hello", ""),
    ([{"type": "output_text", "text": "hello", "annotations": []}], "hello", ""),
    ([{"type": "text", "text": {"value": "hello"}}], "hello", ""),
    ([{"text": "hello"}], "hello", ""),
    ({"type": "text", "text": "hello"}, "hello", ""),
    ([{"type": "text", "text": None}, {"type": "text"}], "", ""),
    ([{"type": "refusal", "refusal": "no"}], "no", ""),
    ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}], "a", "hm"),
    ([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}], "", "hm"),
    ([{"type": "reasoning", "text": "hm"}], "", "hm"),
    ([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}], "", "hm"),
    ([{"type": "text", "text": "hm", "thought": True}, "a"], "a", "hm"),
    ([{"type": "image_url", "image_url": {"url": "data:"}}, 5, None, "a"], "a", ""),
]


@pytest.mark.parametrize(("content", "text", "thought"), CONTENTS)
def test_text_and_thought_of_a_content(content: Any, text: str, thought: str) -> None:
    """Parts of other kinds say nothing."""
    found = list(said(content))
    assert "".join(one for is_thought, one in found if not is_thought) == text
    assert "".join(one for is_thought, one in found if is_thought) == thought


@pytest.mark.parametrize("content", [7, True, 1.5])
def test_what_is_no_content_is_malformed(content: Any) -> None:
    """A number is no text."""
    with pytest.raises(Malformed):
        list(said(content))


def test_parts_within_parts_have_an_end() -> None:
    """However deep they are."""
    value: Any = "x"
    for _ in range(500):
        value = [value]
    assert plain(value) == ""
