"""Tokens as a server counted them. Pure."""

from typing import Any

from apps.inference.providers.base import Usage
from apps.inference.providers.openai.limits import MOST_TOKENS


def usage(counted: Any, *, output: bool = True) -> Usage | None:
    """The tokens of a `usage` object in either API's words.

    None if it is not one, counts nothing, counts what cannot be, or leaves out one side: then the
    caller estimates, since half a count would be half a price. Without `output` only the input
    counts (embeddings).
    """
    if not isinstance(counted, dict):
        return None
    taken = _count(counted, "prompt_tokens", "input_tokens")
    made = _count(counted, "completion_tokens", "output_tokens") if output else 0
    total = _count(counted, "total_tokens")
    if total is not None:
        taken = max(0, total - made) if taken is None and made is not None else taken
        made = max(0, total - taken) if made is None and taken is not None else made
    if taken is None or made is None or not 0 < taken + made <= MOST_TOKENS:
        return None
    return Usage(input_tokens=taken, output_tokens=made)


def _count(counted: dict[str, Any], *names: str) -> int | None:
    """The first of these that is a number of tokens; a negative one is none at all."""
    for name in names:
        value = counted.get(name)
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return max(0, value)
    return None
