"""What a model thought is collected once, and goes back under the name it came by."""

from typing import Any

import pytest

from apps.inference.providers.openai.reasoning import Thoughts

SIGNED = [{"type": "reasoning.text", "text": "hm", "signature": "s", "index": 0}]


def collect(*said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    thoughts = Thoughts()
    for one in said:
        thoughts.add(one)
    return "".join(thoughts.text), thoughts.replay()


@pytest.mark.parametrize(
    ("said", "text", "replay"),
    [
        ([{"reasoning_content": "h"}, {"reasoning_content": "m"}], "hm",
         {"reasoning_content": "hm"}),
        ([{"reasoning": "hm"}], "hm", {"reasoning": "hm"}),
        ([{"reasoning": {"content": "hm"}}], "hm", {"reasoning": "hm"}),
        # two names for one thought, as vLLM and several proxies send them
        ([{"reasoning": "hm", "reasoning_content": "hm"}], "hm", {"reasoning_content": "hm"}),
        ([{"reasoning": "hm", "reasoning_details": SIGNED}], "hm", {"reasoning_details": SIGNED}),
        ([{"reasoning_details": [{"type": "reasoning.text", "text": "h", "index": 0}]},
          {"reasoning_details": [{"type": "reasoning.text", "text": "m", "index": 0}]},
          {"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]}],
         "hm", {"reasoning_details": SIGNED}),
        ([{"reasoning_details": [{"type": "reasoning.encrypted", "data": "a", "index": 0}]},
          {"reasoning_details": [{"type": "reasoning.encrypted", "data": "b", "index": 1}]}],
         "", {"reasoning_details": [{"type": "reasoning.encrypted", "data": "a", "index": 0},
                                    {"type": "reasoning.encrypted", "data": "b", "index": 1}]}),
        ([{"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}]}],
         "hm", {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}]}),
        ([{"reasoning_content": None, "reasoning": "", "reasoning_details": None}], "", {}),
        ([{"reasoning_details": "x", "reasoning": 5}], "", {}),
        ([{"reasoning_details": [5, None]}], "", {}),
    ],
)  # fmt: skip
def test_thoughts_of_every_kind(
    said: list[dict[str, Any]], text: str, replay: dict[str, Any]
) -> None:
    """Signed blocks are put together from their fragments, unchanged otherwise."""
    assert collect(*said) == (text, replay)
