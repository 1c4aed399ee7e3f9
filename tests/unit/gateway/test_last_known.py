"""Answers kept for planning while a back end does not answer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from apps.gateway import clients, last_known, queries
from apps.gateway.errors import Away, Unreachable
from apps.gateway.models import Connector, LastAnswer
from apps.gateway.records import CompetitorPrice

pytestmark = pytest.mark.django_db(transaction=True)


def price(amount: str) -> CompetitorPrice:
    return CompetitorPrice(
        sku="MUG", currency="EUR", amount=Decimal(amount), source="rival", seen_at=timezone.now()
    )


@pytest.fixture
def feed(workspace, now) -> Connector:
    """A feed which nobody serves."""
    return Connector.objects.create(
        workspace=workspace, name="feed", kind="feed", address="http://127.0.0.1:9",
        settings={"competitor_prices": "/prices"}, changed_at=now,
    )  # fmt: skip


@pytest.fixture
def answers(feed, monkeypatch):
    """Has the feed answer with these rows, or fail."""

    def answer(*rows: CompetitorPrice, error: Exception | None = None) -> None:
        def read(resource, **query):
            if error:
                raise error
            return list(rows)

        monkeypatch.setattr(clients.client_of(feed), "read", read)

    return answer


def ask(workspace) -> last_known.Reading:
    return queries.read_or_recall(workspace.pk, "competitor_prices")


def test_a_fresh_answer_is_not_stale(workspace, answers):
    """And has no caveat."""
    answers(price("9.50"))
    reading = ask(workspace)
    assert not reading.stale
    assert reading.caveat() == ""


def test_the_last_good_answer_is_recalled_and_says_so(workspace, feed, answers):
    """The very rows, with when they were read."""
    rows = [price("9.50"), price("8.25")]
    answers(*rows)
    at = ask(workspace).at
    answers(error=Unreachable("connection refused"))
    reading = ask(workspace)
    assert list(reading.rows) == rows
    assert (reading.stale, reading.at) == (True, at)
    assert reading.caveat() == f"As of {at:%Y-%m-%d %H:%M} UTC: 'feed' does not answer now."


def test_also_while_the_breaker_is_open(workspace, feed, answers):
    """Then the feed is not even asked; a plain read still fails."""
    answers(price("9.50"))
    ask(workspace)
    answers(error=Unreachable("connection refused"))
    for _ in range(5):
        assert ask(workspace).stale
    answers(price("1.00"))
    assert ask(workspace).rows[0].amount == Decimal("9.50")
    with pytest.raises(Away):
        queries.read(workspace.pk, "competitor_prices")


def test_without_a_kept_answer_the_failure_is_told(workspace, feed, answers):
    """Nothing is made up."""
    answers(error=Unreachable("connection refused"))
    with pytest.raises(Unreachable):
        ask(workspace)


def test_an_answer_that_is_too_old_is_not_used(workspace, feed, answers):
    """A day is the limit."""
    answers(price("9.50"))
    ask(workspace)
    LastAnswer.objects.update(at=timezone.now() - last_known.OLDEST - timedelta(seconds=1))
    answers(error=Unreachable("connection refused"))
    with pytest.raises(Unreachable):
        ask(workspace)


def test_an_answer_is_written_at_most_once_a_minute(workspace, feed, now):
    """A busy agent does not wear out the table; a later answer replaces the earlier."""
    for seconds, amount in ((0, "1"), (59, "2"), (61, "3")):
        last_known.store_last_known(feed, "competitor_prices", {}, [price(amount)],
                    now=now + timedelta(seconds=seconds))  # fmt: skip
        kept = LastAnswer.objects.get().rows[0]["amount"]
        assert kept == ("3" if seconds == 61 else "1")


def test_what_is_too_large_or_not_for_planning_is_not_kept(workspace, feed, now):
    """Orders and messages are never planned from an old answer."""
    last_known.store_last_known(feed, "messages", {}, [], now=now)
    last_known.store_last_known(
        feed, "competitor_prices", {}, [price("1")] * (last_known.MOST_ROWS + 1), now=now
    )
    assert not LastAnswer.objects.exists()


def test_nothing_is_written_inside_a_transaction(workspace, feed, answers):
    """It may be one that must not write, such as a dry run's."""
    answers(price("9.50"))
    with transaction.atomic():
        ask(workspace)
    assert not LastAnswer.objects.exists()
