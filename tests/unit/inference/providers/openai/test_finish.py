"""Each server's word for why a model stopped is understood."""

import pytest

from apps.inference.providers.openai.finish import reason


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"), ("STOP", "stop"), ("eos", "stop"), ("eos_token", "stop"),
        ("end_turn", "stop"), ("stop_sequence", "stop"), ("COMPLETE", "stop"),
        ("tool_calls", "tool_calls"), ("tool_use", "tool_calls"),
        ("function_call", "tool_calls"), ("length", "length"), ("max_tokens", "length"),
        ("MAX_TOKENS", "length"), ("FINISH_REASON_MAX_TOKENS", "length"),
        ("model_length", "length"), ("incomplete", "length"), ("max_output_tokens", "length"),
        ("model_context_window_exceeded", "length"), ("content_filter", "content_filter"),
        ("SAFETY", "content_filter"), ("error", "error"), ("abort", "error"),
        ("insufficient_system_resource", "error"), ("network_error", "error"), ("", ""),
        ("pause_turn", "pause_turn"), ("x" * 500, "x" * 40),
    ],
)  # fmt: skip
def test_a_word_has_one_meaning(said: str, meant: str) -> None:
    """What is not known stays as it was said."""
    assert reason(said) == meant
