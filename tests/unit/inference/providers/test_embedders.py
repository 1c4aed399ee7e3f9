"""What every embedder keeps: the offline one, the same model at an endpoint, and another model."""

import ipaddress
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from apps.inference.providers.base import Embedder, Refused
from apps.inference.providers.offline_embeddings import NAME, OfflineEmbedder
from apps.inference.providers.openai import OpenAIProvider
from tests.factories import inference as make

Vectors = Callable[[list[str]], list[list[float]]]


@contextmanager
def offline() -> Iterator[tuple[Embedder, str]]:
    """The one that ships."""
    yield OfflineEmbedder(), NAME


@contextmanager
def same_at_an_endpoint() -> Iterator[tuple[Embedder, str]]:
    """The same model, asked over HTTP."""
    with make.embedding_server() as url:
        yield at(url), "e5-small"


@contextmanager
def another_at_an_endpoint() -> Iterator[tuple[Embedder, str]]:
    """A model that has nothing to do with the others."""
    with make.trigram_server() as url:
        yield at(url), "trigrams"


def at(url: str) -> OpenAIProvider:
    loopback = (ipaddress.ip_network("127.0.0.0/8"),)
    return OpenAIProvider(base_url=url, api_key="k", allowed=loopback, api="auto")


@pytest.fixture(
    scope="module",
    params=[offline, same_at_an_endpoint, another_at_an_endpoint],
    ids=lambda maker: maker.__name__,
)
def embed(request: pytest.FixtureRequest) -> Iterator[Vectors]:
    """Asks the embedder for vectors of 384 numbers."""
    with request.param() as (embedder, model):
        yield lambda texts: embedder.embed(texts, model=model, dimensions=384, timeout_s=20).vectors


def cosine(left: list[float], right: list[float]) -> float:
    dot = sum(a * b for a, b in zip(left, right, strict=True))
    return dot / (math.hypot(*left) * math.hypot(*right))


def test_every_text_has_its_vector_in_the_order_of_the_texts(embed: Vectors) -> None:
    """Whether asked alone or among others."""
    texts = ["The parcel is late.", "Can I pay by invoice?", "The mug arrived broken."]
    together = embed(texts)
    for text, vector in zip(texts, together, strict=True):
        [alone] = embed([text])
        assert cosine(alone, vector) > 0.999


def test_what_says_nearly_the_same_is_nearer_than_what_does_not(embed: Vectors) -> None:
    """Else nothing could be found by it."""
    late, later, pay = embed(
        ["The parcel is late.", "The parcel is much too late.", "Can I pay by invoice?"]
    )
    assert cosine(late, later) > cosine(late, pay)


@pytest.mark.parametrize("text", ["a", "word " * 400, "a\0b", "⟦日本語⟧ 🙂"])
def test_any_text_has_384_finite_numbers(embed: Vectors, text: str) -> None:
    """The database keeps no others."""
    [vector] = embed([text])
    assert len(vector) == 384
    assert all(math.isfinite(number) for number in vector)


def test_the_offline_model_answers_in_no_other_name() -> None:
    """A vector never comes to stand beside the name of a model that did not make it."""
    for model, dimensions in (("trigrams", 384), (NAME, 1536)):
        with pytest.raises(Refused, match=NAME):
            OfflineEmbedder().embed(["a"], model=model, dimensions=dimensions, timeout_s=1)
