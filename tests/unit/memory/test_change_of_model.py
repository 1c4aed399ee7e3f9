"""Another embedding model is put in: its vectors are never compared with those of the one before."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.memory import operations, queries
from apps.memory.models import Item
from tests.factories import inference as endpoints
from tests.factories.memory import item

SHOES = "Never refund worn shoes."
CUSTOMS = "Customs fees outside the EU are paid by the customer."
ASKED = "May worn shoe be refunded?"


@pytest.fixture
def trigrams(settings: Settings) -> Iterator[None]:
    """The endpoint's model is in use from now on."""
    with endpoints.trigram_server() as url:
        settings.OPENAI_BASE_URL, settings.OPENAI_EMBEDDING_MODEL = url, "trigrams"
        yield


@pytest.fixture
def embedded_offline(workspace: Workspace, now: datetime) -> None:
    """Two items with vectors of the offline model."""
    for text in (SHOES, CUSTOMS):
        item(workspace, text, now=now)
    assert operations.embed_pending(now=now) == 2


def found(workspace: Workspace, now: datetime) -> dict[str, float | None]:
    """What is recalled, with its cosine if it was found by meaning."""
    recalled = queries.recall(workspace=workspace, namespaces=["refunds"], text=ASKED, now=now)
    return {one.item.text: one.similarity for one in recalled}


@pytest.mark.usefixtures("embedded_offline", "trigrams")
def test_until_they_are_made_anew_vectors_of_the_other_model_say_nothing(
    workspace: Workspace, now: datetime
) -> None:
    """Both have 384 numbers, so the database would compare them. Words still answer."""
    assert found(workspace, now) == {SHOES: None}
    operations.embed_pending(now=now, limit=1)  # the older one, of the shoes
    # as near as could be, if it were compared
    other = Item.objects.filter(embedding_model="multilingual-e5-small-q4")
    assert other.update(embedding=endpoints.trigrams(ASKED, 384)) == 1
    similar = found(workspace, now)
    assert set(similar) == {SHOES}
    assert similar[SHOES] is not None


@pytest.mark.usefixtures("embedded_offline", "trigrams")
def test_all_is_embedded_anew_and_told(
    workspace: Workspace, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """By the sweep, in batches; what has no vector at all comes first, and nothing twice."""
    new = item(workspace, "Store credit is offered first.", now=now + timedelta(minutes=1))
    with caplog.at_level(logging.INFO, logger="apps.memory"):
        assert operations.embed_pending(now=now, limit=1) == 1
    new.refresh_from_db()
    assert (new.embedding_model, caplog.messages) == ("trigrams", [])
    with caplog.at_level(logging.INFO, logger="apps.memory"):
        assert operations.embed_pending(now=now) == 2
        assert operations.embed_pending(now=now) == 0
    assert caplog.messages == [
        "2 items of the memory embedded anew: by trigrams, not multilingual-e5-small-q4"
    ]
    assert set(Item.objects.values_list("embedding_model", flat=True)) == {"trigrams"}
    assert found(workspace, now)[SHOES] is not None


@pytest.mark.parametrize(
    "fields", [{"embedding_model": ""}, {"embedding": None}], ids=["no name", "no vector"]
)
@pytest.mark.usefixtures("embedded_offline")
def test_a_vector_never_stands_without_the_name_of_its_model(fields: dict[str, object]) -> None:
    """Nor a name without a vector; the database refuses both."""
    with pytest.raises(IntegrityError, match="vector_names_its_model"), transaction.atomic():
        Item.objects.update(**fields)
