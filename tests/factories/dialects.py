"""Answers as servers of models write them, with the source of each, and how each is to be read."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.factories.endpoints import Reply, events

FOLDER = Path(__file__).parents[1] / "unit" / "inference" / "dialects"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The documents of one answer; `comments` stand between its events."""

    name: str
    source: str
    api: str
    streamed: bool
    documents: list[Any]
    expect: dict[str, Any]
    comments: bool = field(default=False)

    def reply(self) -> Reply:
        """The answer as its server sends it."""
        if not self.streamed:
            return Reply(body=self.documents[0])
        reply = events(*self.documents, done=self.api == "chat")
        noise = b": OPENROUTER PROCESSING\n\n" * 3 if self.comments else b""
        return Reply(body=noise + reply.body, content_type=reply.content_type)


DIALECTS = [
    Dialect(name=path.stem, **json.loads(path.read_text(encoding="utf-8")))
    for path in sorted(FOLDER.glob("*.json"))
]

# Two texts each: OpenAI, vLLM, Ollama, llama.cpp without pooling, base64 of [0.5, -2.0]
VECTORS: list[Any] = [
    {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]},
                                {"object": "embedding", "index": 1, "embedding": [0.3, 0.4]}],
     "model": "text-embedding-3-small", "usage": {"prompt_tokens": 8, "total_tokens": 8}},
    {"id": "embd-1", "object": "list", "created": 1, "model": "intfloat/e5-small",
     "data": [{"index": 1, "object": "embedding", "embedding": [0.3, 0.4]},
              {"index": 0, "object": "embedding", "embedding": [0.1, 0.2]}],
     "usage": {"prompt_tokens": 8, "total_tokens": 8, "completion_tokens": 0,
               "prompt_tokens_details": None}},
    {"object": "list", "data": [{"object": "embedding", "embedding": [0.1, 0.2]},
                                {"object": "embedding", "embedding": [0.3, 0.4]}],
     "model": "all-minilm", "usage": None},
    {"data": [{"embedding": [[0.1, 0.2]], "index": 0}, {"embedding": [[0.3, 0.4]], "index": 1}]},
    {"object": "list", "data": [{"index": 0, "embedding": "AAAAPwAAAMA="},
                                {"index": 1, "embedding": "AAAAPwAAAMA="}],
     "usage": {"prompt_tokens": 8, "total_tokens": 8}},
]  # fmt: skip
