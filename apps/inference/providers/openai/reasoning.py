"""What a model thought before it answered, and what its server wants back of it. Pure.

Servers name it differently: `reasoning_content` (DeepSeek, llama.cpp, Qwen, older vLLM),
`reasoning` (Ollama, vLLM, OpenRouter, Groq), `reasoning_details` (OpenRouter, with signatures that
must come back unchanged), `thinking_blocks` (LiteLLM before Anthropic). What goes back is what
came, under the name it came by.
"""

from typing import Any

from apps.inference.providers.openai import parts, texts

PLAIN = ("reasoning_content", "reasoning")
BLOCKS = ("reasoning_details", "thinking_blocks")
FIELDS = (*PLAIN, *BLOCKS)
_GROWING = ("text", "summary", "thinking", "data")  # members that come in fragments


class Thoughts:
    """Collects the reasoning fields of a message, whole or in pieces."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._plain: dict[str, list[str]] = {}
        self._blocks: dict[str, list[dict[str, Any]]] = {}

    def add(self, said: dict[str, Any], *, whole: bool = False) -> None:
        """Take the fields of a message or of a delta; the same thought under two names is one."""
        heard = ""
        for name in PLAIN:
            if text := parts.plain(said.get(name)):
                self._plain.setdefault(name, []).append(text)
                heard = heard or text
        for name in BLOCKS:
            blocks = said.get(name)
            for block in blocks if isinstance(blocks, list) else []:
                if isinstance(block, dict):
                    self._take(name, block, whole=whole)
                    heard = heard or parts.plain(block)
        self.text.append(heard)

    def _take(self, name: str, block: dict[str, Any], *, whole: bool) -> None:
        """A block, or a fragment that continues the last one."""
        kept = self._blocks.setdefault(name, [])
        last = kept[-1] if kept else None
        same = last is not None and all(
            last.get(key) == block.get(key) for key in ("type", "index")
        ) and block.get("id") in (None, last.get("id"))  # fmt: skip
        if whole or last is None or not same or "index" not in block:
            kept.append({key: texts.kept(value) for key, value in block.items()})
            return
        for key, value in block.items():
            if key in _GROWING and isinstance(value, str) and isinstance(last.get(key), str):
                last[key] += value
            elif value is not None:
                last[key] = texts.kept(value)

    def replay(self) -> dict[str, Any]:
        """The fields that belong to the message when it is sent back."""
        if self._blocks:  # they hold the text, too
            return {name: texts.kept(blocks) for name, blocks in self._blocks.items()}
        for name in PLAIN:
            if name in self._plain:
                return {name: texts.whole("".join(self._plain[name]))}
        return {}
