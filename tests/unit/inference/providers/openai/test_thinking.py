"""Thoughts between tags are kept apart from the answer, also while they come."""

import pytest

from apps.inference.providers.openai.thinking import Thinking

TEXTS = {
    "<think>let me see</think>\n\nhello": ("hello", "let me see"),
    "\n<think>\nlet me see\n</think>\nhello": ("hello", "\nlet me see\n"),
    "<thinking>a</thinking>b": ("b", "a"),
    '<think type="deep">a</think>b': ("b", "a"),
    "<THINK>a</THINK>b": ("b", "a"),
    "[THINK]a[/THINK]b": ("b", "a"),
    "◁think▷a◁/think▷b": ("b", "a"),
    "<seed:think>a</seed:think>b": ("b", "a"),
    "<think>a": ("", "a"),
    "<think>a</think>": ("", "a"),
    "<think></think>b": ("b", ""),
    "a</think>\n\nb": ("b", "a"),
    "<think>a<think>b</think>c</think>d": ("d", "a<think>bc"),
    "<think>I would write <think> here</think>b": ("b", "I would write <think> here"),
    "<think>a</think>b<think>c</think>d": ("bd", "ac"),
    "a < b and <b>bold</b> and [1]": ("a < b and <b>bold</b> and [1]", ""),
    "<thinker>a</thinker>": ("<thinker>a</thinker>", ""),
    "5 <": ("5 <", ""),
    "<thi": ("<thi", ""),
    "  indented": ("  indented", ""),
    "": ("", ""),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_answer_and_thought_are_told_apart(text: str, expected: tuple[str, str], size: int) -> None:
    """However the text is cut into pieces."""
    thinking = Thinking()
    for place in range(0, len(text), size):
        thinking.take(text[place : place + size])
    thinking.rest()
    assert ("".join(thinking.answer), "".join(thinking.thoughts)) == expected


@pytest.mark.parametrize("text", [text for text in TEXTS if not text.startswith("a</think>")])
def test_what_is_said_aloud_is_the_answer(text: str) -> None:
    """No thought is heard, and nothing of the answer is lost."""
    thinking = Thinking()
    heard = "".join(thinking.take(one) for one in text) + thinking.rest()
    answer = TEXTS[text][0]
    assert heard.strip() == answer.strip() or "</think>c</think>" in text


def test_a_model_that_begins_in_its_thought_is_known_the_next_time() -> None:
    """Its template opens the tag in the prompt, so that only the end comes."""
    first = Thinking()
    for one in "hm</think>hello":
        first.take(one)
    assert first.began_inside
    again = Thinking(unopened=True)
    heard = [again.take(one) for one in ("h", "m", "</think>", "hel", "lo")]
    assert heard == ["", "", "", "hel", "lo"]


def test_what_was_held_back_in_vain_is_said_at_the_end() -> None:
    """This time the model did not think."""
    thinking = Thinking(unopened=True)
    assert thinking.take("hello") == ""
    assert thinking.rest() == "hello"


def test_a_tag_that_opens_ends_the_silence() -> None:
    """The template was changed: what follows the thought is heard as it comes."""
    thinking = Thinking(unopened=True)
    heard = [thinking.take(one) for one in ("<think>", "hm", "</think>", "hel", "lo")]
    assert "".join(heard) == "hello"
    assert not thinking.began_inside
