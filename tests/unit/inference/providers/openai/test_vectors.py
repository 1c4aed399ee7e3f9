"""Each text gets its own vector, or none does."""

import base64
import struct
from typing import Any

import pytest

from apps.inference.providers.base import Malformed
from apps.inference.providers.openai.vectors import embeddings

BASE64 = base64.b64encode(struct.pack("<2f", 0.5, -2.0)).decode()


def rows(*data: Any) -> dict[str, Any]:
    return {"data": list(data)}


@pytest.mark.parametrize(
    ("body", "vectors"),
    [
        (rows({"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [2]}), [[1.0], [2.0]]),
        (rows({"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}), [[1.0], [2.0]]),
        (rows({"embedding": [1.0]}, {"embedding": [2.0]}), [[1.0], [2.0]]),
        (rows({"index": None, "embedding": [1]}, {"index": None, "embedding": [2]}), [[1], [2]]),
        (rows({"index": "1", "embedding": [2]}, {"index": "0", "embedding": [1]}), [[1], [2]]),
        (rows({"embedding": BASE64}, {"embedding": [0, 1]}), [[0.5, -2.0], [0.0, 1.0]]),
        (rows({"embedding": [[1.0]]}, {"embedding": [[2.0]]}), [[1.0], [2.0]]),
        ([{"embedding": [1.0]}, {"embedding": [2.0]}], [[1.0], [2.0]]),
    ],
)
def test_vectors_in_the_order_of_the_texts(body: Any, vectors: list[list[float]]) -> None:
    """By number where there is one, else as they come."""
    assert embeddings(body, texts=2).vectors == vectors


@pytest.mark.parametrize(
    "body",
    [
        None, {}, {"data": None}, {"data": "x"}, {"data": [5, 6]}, rows(),
        rows({"embedding": [1]}), rows(*[{"embedding": [1]}] * 3),
        rows({"index": 0, "embedding": [1]}, {"index": 0, "embedding": [2]}),
        rows({"index": 0, "embedding": [1]}, {"embedding": [2]}),
        rows({"index": 1, "embedding": [1]}, {"index": 2, "embedding": [2]}),
        rows({"embedding": [1]}, {"embedding": [1, 2]}),
        rows({"embedding": []}, {"embedding": []}),
        rows({"embedding": None}, {"embedding": [1]}),
        rows({"embedding": ["1"]}, {"embedding": [1]}),
        rows({"embedding": [True]}, {"embedding": [1]}),
        rows({"embedding": [float("nan")]}, {"embedding": [1]}),
        rows({"embedding": [10**400]}, {"embedding": [1]}),
        rows({"embedding": "no base64!"}, {"embedding": [1]}),
        rows({"embedding": "AAA="}, {"embedding": [1]}),
        rows({"embedding": "ä"}, {"embedding": [1]}),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_malformed(body: Any) -> None:
    """A vector is never given to another text."""
    with pytest.raises(Malformed):
        embeddings(body, texts=2)
