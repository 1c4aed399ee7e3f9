"""Vectors of texts from the model that ships; those of the shipped examples are kept in a file.

`examples.npz` beside this module holds them by a digest of their text, so that no process spends
half a minute before its first message. What is not in it is computed, once in a process.
`manage.py embed_examples` writes the file anew after `examples.toml` was changed.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from apps.agents.playbooks.refund_desk.nearest import Matrix
from apps.inference import operations as inference

FILE = Path(__file__).with_name("examples.npz")
KEPT = 5_000  # vectors of other texts a process remembers

_known: dict[str, Matrix] = {}


def of(texts: Sequence[str]) -> Matrix:
    """A normalised vector of each text, kept ones from the file or the memory of this process."""
    missing = [text for text in dict.fromkeys(texts) if lookup(text) is None]
    if missing:
        if len(_known) + len(missing) > KEPT:
            _known.clear()
            missing = [text for text in dict.fromkeys(texts) if digest(text) not in shipped()]
        _known.update(zip(map(digest, missing), embed(missing), strict=True))
    return np.array([lookup(text) for text in texts], dtype=np.float32)


def embed(texts: Sequence[str]) -> Matrix:
    """Vectors computed anew; about 20 ms for a sentence."""
    return np.array(inference.embed_offline(texts), dtype=np.float32)


def lookup(text: str) -> Matrix | None:
    """The vector that is known of a text."""
    key = digest(text)
    found = _known.get(key)
    return found if found is not None else shipped().get(key)


@cache
def shipped(file: Path = FILE) -> dict[str, Matrix]:
    """What the file holds, by digest; nothing if it was made with another model."""
    if not file.exists():
        return {}
    with np.load(file, allow_pickle=False) as content:
        if str(content["model"]) != inference.OFFLINE_MODEL:
            return {}
        vectors = content["vectors"].astype(np.float32)
        return dict(zip(content["digests"].tolist(), vectors, strict=True))


def save(texts: Sequence[str], file: Path = FILE) -> None:
    """Write the vectors of these texts and nothing else; those it has already are kept."""
    unique = list(dict.fromkeys(texts))
    np.savez_compressed(
        file,
        model=np.array(inference.OFFLINE_MODEL),
        digests=np.array([digest(text) for text in unique]),
        vectors=of(unique).astype(np.float16),
    )
    shipped.cache_clear()


def digest(text: str) -> str:
    """What a text is found by."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
