"""Recalling what matters: by subject, by meaning, by words."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from apps.accounts.models import Workspace
from apps.inference.providers import offline_embeddings
from apps.memory import operations, queries
from apps.memory.queries import Recalled
from tests.factories.inference import free_port
from tests.factories.memory import AGENT, PERSON, item

SHOES = "Never refund worn shoes."
LATE = "When the parcel was late, offer store credit instead of a refund."
CUSTOMS = "Customs fees outside the EU are paid by the customer."


def recall(workspace: Workspace, now: datetime, text: str = "", **more: object) -> list[Recalled]:
    query: dict[str, object] = {"namespaces": ["refunds"], "text": text, "now": now}
    return queries.recall(workspace=workspace, **(query | more))  # type: ignore[arg-type]


def texts(found: list[Recalled]) -> list[str]:
    return [recalled.item.text for recalled in found]


@pytest.fixture
def knowledge(workspace: Workspace, now: datetime) -> None:
    """Three corrections in English, embedded."""
    for text in (SHOES, LATE, CUSTOMS):
        item(workspace, text, now=now)
    operations.embed_pending(now=now)


@pytest.mark.usefixtures("knowledge")
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Ich habe die Schuhe getragen und möchte mein Geld zurück.", SHOES),
        ("Mein Paket kam viel zu spät an, ich will mein Geld zurück!", LATE),
        ("Qui paie les frais de douane pour la Suisse ?", CUSTOMS),
    ],
)
def test_a_question_in_another_language_finds_the_correction_about_the_same_issue(
    workspace: Workspace, now: datetime, question: str, expected: str
) -> None:
    """German and French find English, by meaning alone."""
    best = recall(workspace, now, question)[0]
    assert best.item.text == expected
    assert "similar meaning" in best.why
    assert best.similarity is not None


@pytest.mark.usefixtures("knowledge")
def test_what_is_not_related_is_not_recalled(workspace: Workspace, now: datetime) -> None:
    """Evidence that has nothing to do with the case would only mislead."""
    assert recall(workspace, now, "Der Server startet nach dem Update nicht mehr.") == []


@pytest.mark.usefixtures("knowledge")
def test_an_exact_subject_comes_first(workspace: Workspace, now: datetime) -> None:
    """What is known about this very customer beats what is merely similar."""
    item(workspace, "Always writes in capitals", now=now, subject="customer:ann@x")
    found = recall(workspace, now, "worn shoes", subjects=["customer:ann@x"])
    assert texts(found)[:2] == ["Always writes in capitals", SHOES]
    assert found[0].why == "about customer:ann@x"


def test_an_item_not_embedded_yet_is_found_by_subject_and_words(
    workspace: Workspace, now: datetime
) -> None:
    """A correction counts from the moment it is made."""
    item(workspace, "Order 1042 was a gift", now=now, subject="order:1042")
    assert texts(recall(workspace, now, subjects=["order:1042"])) == ["Order 1042 was a gift"]
    found = recall(workspace, now, "what about order 1042?")
    assert [recalled.why for recalled in found] == ["shares words"]


def test_only_what_is_current_of_this_workspace_and_filter_is_recalled(
    workspace: Workspace, now: datetime
) -> None:
    """Not the replaced, forgotten, expired, foreign, or filtered out."""
    other = Workspace.objects.create(name="Other", slug="other")
    item(other, "parcel foreign", now=now)
    item(workspace, "parcel elsewhere", now=now, namespace="prices")
    item(workspace, "parcel fact", now=now, type="fact")
    item(workspace, "parcel expired", now=now, expires_at=now)
    forgotten = item(workspace, "parcel forgotten", now=now)
    operations.forget(forgotten, by="user:1", reason="", now=now)
    old = item(workspace, "parcel old", now=now)
    operations.supersede(old, text="parcel new", data={}, provenance=PERSON, now=now)
    operations.embed_pending(now=now)
    found = recall(workspace, now, "parcel", subjects=[""], types=["correction"])
    assert texts(found) == ["parcel new"]


def test_a_fresh_word_of_a_person_beats_an_old_note_of_an_agent(
    workspace: Workspace, now: datetime
) -> None:
    """Trust and age count, where the finding is equal."""
    year_ago = now - timedelta(days=365)
    item(workspace, "Likes vouchers", now=year_ago, subject="c", type="episode", provenance=AGENT)
    item(workspace, "Wants money, no vouchers", now=now, subject="c")
    found = recall(workspace, now, subjects=["c"])
    assert texts(found) == ["Wants money, no vouchers", "Likes vouchers"]
    assert found[0].score > 1.5 * found[1].score


@pytest.mark.usefixtures("knowledge")
def test_the_number_of_queries_does_not_grow_with_the_memory(
    workspace: Workspace, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Five, whatever there is; reading the items costs none more."""
    for number in range(60):
        item(workspace, f"Note {number} on a late parcel", now=now, subject="customer:ann@x")
    operations.embed_pending(now=now)
    with django_assert_max_num_queries(5):
        found = recall(workspace, now, "late parcel", subjects=["customer:ann@x"], limit=20)
        assert all(recalled.item.provenance["by"] for recalled in found)
    assert len(found) == 20


@pytest.mark.usefixtures("knowledge")
def test_a_large_memory_is_searched_through_the_index_with_the_same_answer(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way for many rows, forced here for few."""
    question = "Mein Paket kam zu spät"
    exact = texts(recall(workspace, now, question))
    monkeypatch.setattr(queries, "EXACT_UP_TO", 0)
    assert texts(recall(workspace, now, question)) == exact != []


@pytest.mark.usefixtures("knowledge")
def test_without_the_embedding_endpoint_words_still_answer(
    workspace: Workspace, now: datetime, settings: Settings
) -> None:
    """A dead endpoint does not blind the agent."""
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    settings.OPENAI_EMBEDDING_MODEL = "multilingual-e5-small-q4"
    assert texts(recall(workspace, now, "worn shoes")) == [SHOES]


@pytest.mark.usefixtures("knowledge")
def test_without_any_embedding_model_words_still_answer(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a server without the extra and without an endpoint."""
    monkeypatch.setattr(offline_embeddings, "INSTALLED", False)
    [found] = recall(workspace, now, "worn shoes")
    assert (found.item.text, found.why) == (SHOES, "shares words")


@pytest.mark.parametrize("text", ["", "  ", "' & | ! ( ) :* <->", "\\ '; --", "a"])
def test_any_text_is_a_safe_question(workspace: Workspace, now: datetime, text: str) -> None:
    """Customers write what they like."""
    item(workspace, SHOES, now=now)
    operations.embed_pending(now=now)
    assert isinstance(recall(workspace, now, text), list)
