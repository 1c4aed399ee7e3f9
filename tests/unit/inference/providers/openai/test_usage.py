"""Tokens are taken as counted, or not at all."""

from typing import Any

import pytest

from apps.inference.providers.openai.usage import usage


@pytest.mark.parametrize(
    ("counted", "tokens"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 3}, (5, 3)),
        ({"input_tokens": 5, "output_tokens": 3}, (5, 3)),
        ({"prompt_tokens": "5", "completion_tokens": 3.0}, (5, 3)),
        ({"prompt_tokens": 5, "completion_tokens": -3}, (5, 0)),
        ({"prompt_tokens": 5, "total_tokens": 8}, (5, 3)),
        ({"prompt_tokens": None, "completion_tokens": 3, "total_tokens": 8}, (5, 3)),
        ({"prompt_tokens": 5, "completion_tokens": None}, None),
        ({"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": True, "completion_tokens": "many"}, None),
        ({"prompt_tokens": 10**30, "completion_tokens": 1}, None),
        ({"prompt_tokens": "9" * 5000, "completion_tokens": 1}, None),
        ({"prompt_tokens": float("inf"), "completion_tokens": float("nan")}, None),
        ({}, None), (None, None), ([], None), ("5", None),
    ],
)  # fmt: skip
def test_counts_in_any_words(counted: Any, tokens: tuple[int, int] | None) -> None:
    """One side alone would be half the price: then the cost is estimated."""
    found = usage(counted)
    assert (found and (found.input_tokens, found.output_tokens)) == tokens


def test_embeddings_make_no_tokens() -> None:
    """Only what was read is counted."""
    found = usage({"prompt_tokens": 5, "completion_tokens": None}, output=False)
    assert found is not None
    assert (found.input_tokens, found.output_tokens) == (5, 0)
