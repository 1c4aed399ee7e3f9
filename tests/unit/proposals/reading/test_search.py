"""Finding proposals by words: the newest that have them, however far back they are."""

from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.proposals import queries
from apps.proposals.models import Proposal
from apps.proposals.reading import search
from apps.proposals.reading.search import newest

pytestmark = pytest.mark.django_db
NAMES = ("Price of mug", "Price of lamp", "Refund for Ann", "Text of sunhat", "Mugs: new text")


def begins(text: str, words: str) -> bool:
    """Whether the text has words that begin like all of these, said the naive way."""
    parts = text.lower().replace(":", " ").split()
    return all(any(part.startswith(word) for part in parts) for word in words.split())


@pytest.fixture
def many(workspace, elsewhere, now):
    """Sixty proposals over a year: sunhats only in the first half, others all along."""
    chance = Random(11)
    for number in range(60):
        at = now - timedelta(days=365 - 6 * number)
        for home in (workspace, elsewhere):
            title = chance.choice(NAMES if number < 30 else NAMES[:3])
            Proposal.objects.create(
                workspace=home, submitted_by="x", title=title, rationale="Why.", risk="low",
                state="done", binding="b", subject=f"sku:M-{number}", created_at=at,
                expires_at=at,
            )  # fmt: skip
    return list(queries.of_workspace(workspace.pk))


@pytest.mark.parametrize("recent", [1, 7, 2_000])
@pytest.mark.parametrize("words", ["price", "mug", "sunhat", "text sunhat", "pri lam", "nothing"])
def test_the_newest_with_the_words_are_found(many, workspace, monkeypatch, recent, words):
    """Among the recent ones or long ago, in order, and nothing of another workspace."""
    monkeypatch.setattr(search, "RECENT", recent)
    expected = [one.pk for one in many if begins(one.title, words)]
    found, behind = [], queries.of_workspace(workspace.pk)
    while page := newest(behind, words, limit=5):
        found += [one.pk for one in page]
        behind = queries.of_workspace(workspace.pk).filter(pk__lt=found[-1])
    assert found == expected


def test_without_words_all_are_found(many, workspace):
    """Also where there are only signs."""
    for words in ("", " ", "(:*)", "\0"):
        found = newest(queries.of_workspace(workspace.pk), words, limit=9)
        assert [one.pk for one in found] == [one.pk for one in many[:9]]


def test_what_only_old_ones_have_is_not_looked_for_one_by_one(many, workspace):
    """The last statement is in an order no index has, so that it cannot go through everything."""
    with CaptureQueriesContext(connection) as asked:
        assert len(newest(queries.of_workspace(workspace.pk), "sunhat", limit=50)) < 50
    with connection.cursor() as sql:
        sql.execute("SET LOCAL enable_sort = off")  # then only what has to be sorted is
        sql.execute(f"EXPLAIN {asked.captured_queries[-1]['sql']}")
        plan = "\n".join(line for (line,) in sql.fetchall())
    assert "Sort Key" in plan


@pytest.mark.parametrize(("words", "found"), [
    ("SKU-17", {"Price of SKU-17", "Price of SKU-170"}),
    ("price sku-1", {"Price of SKU-17", "Price of SKU-170"}),
    ("sku", {"Price of SKU-17", "Price of SKU-170", "Stock of SKU-71"}),
    ("sku-", {"Price of SKU-17", "Price of SKU-170", "Stock of SKU-71"}),
    ("blue-la", {"Text of blue-lamp"}),
    ("lamp", {"Text of blue-lamp"}),
    ("sk-17", set()),
])  # fmt: skip
def test_numbers_of_products_are_found_as_they_are_typed(workspace, now, words, found):
    """Also while they are typed; the word before the number has to be whole."""
    for title in ("Price of SKU-17", "Price of SKU-170", "Stock of SKU-71", "Text of blue-lamp"):
        Proposal.objects.create(
            workspace=workspace, submitted_by="x", title=title, rationale="Why.", risk="low",
            state="done", binding="b", created_at=now, expires_at=now,
        )  # fmt: skip
    here = queries.of_workspace(workspace.pk)
    assert {one.title for one in newest(here, words, limit=9)} == found
