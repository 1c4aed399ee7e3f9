"""Odd rows kept for operators: counted, bounded, and never in the way of a reading."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway import odd_rows, queries, rows
from apps.gateway.configuration import configure_connector
from apps.gateway.models import Connector, OddRow
from tests.factories.outside import Outside, outside, price_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def system() -> Iterator[Outside]:
    with outside() as started:
        yield started


@pytest.fixture
def feed(workspace, system, now) -> Connector:
    return configure_connector(workspace=workspace, name="feed", kind="feed", secret="", by="test",
                               address=system.address, settings={"competitor_prices": "/p"}, now=now)  # fmt: skip


def read(workspace) -> list[str]:
    return [one.sku for one in queries.read(workspace.pk, "competitor_prices")]


def test_an_odd_row_is_kept_with_its_reason(workspace, system, feed) -> None:
    """Once, however often it is read; the others are read each time."""
    for time in ("2026-11-30T12:00:00Z", "2026-11-30T12:05:00Z"):
        system.feeds["/p"] = [price_row("A"), price_row("B", "12,50", seen_at=time)]
        assert read(workspace) == ["A"]
    (kept,) = OddRow.objects.all()
    assert (kept.times, kept.place, kept.resource) == (2, "row 2", "competitor_prices")
    assert "can be read in more than one way" in kept.reason
    assert '"sku": "B"' in kept.excerpt
    assert "12:05" in kept.excerpt
    assert kept.last_seen > kept.first_seen
    assert odd_rows.counts(workspace.pk) == {feed.pk: 1}
    assert list(odd_rows.listed(feed)) == [kept]


def test_what_is_new_is_one_event_for_the_reading(workspace, system, feed) -> None:
    """Not one a row, and not one a minute."""
    system.feeds["/p"] = [price_row(str(n), "n/a") for n in range(20)]
    read(workspace)
    read(workspace)
    assert Event.objects.filter(kind=Kind.ROWS_SET_ASIDE).count() == 1
    system.feeds["/p"].append(price_row("new", "n/a"))
    read(workspace)
    assert Event.objects.filter(kind=Kind.ROWS_SET_ASIDE).count() == 2
    assert OddRow.objects.count() == 21


def test_a_reading_without_odd_rows_writes_nothing(workspace, system, feed) -> None:
    """Nor does it ask for more than before."""
    system.feeds["/p"] = [price_row("A")]
    read(workspace)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        read(workspace)
    assert len(asked) <= 2
    assert not OddRow.objects.exists()


def test_thousands_are_counted_and_not_kept(workspace, system, feed) -> None:
    """The first 200, and one that says how many more."""
    system.feeds["/p"] = [price_row(f"S{n}", "n/a") for n in range(5_000)]
    with CaptureQueriesContext(connection) as asked:
        read(workspace)
    assert len(asked) < 30
    assert OddRow.objects.count() == rows.LISTED + 1
    assert OddRow.objects.filter(reason__startswith="4,800 more rows").exists()


def test_they_are_bounded_and_old_ones_go(workspace, feed, now, monkeypatch) -> None:
    """Those that were not seen for longest first."""
    monkeypatch.setattr(odd_rows, "MOST", 5)

    def note(name: str, at) -> None:
        odd = rows.OddRow(place="row 1", identity=name, reason="odd", excerpt="", is_read=False)
        odd_rows.note(feed, "messages", [odd], count=1, now=at)

    for day in range(8):
        note(f"n{day}", now + timedelta(days=day))
    assert set(OddRow.objects.values_list("identity", flat=True)) == {f"n{n}" for n in range(3, 8)}
    note("late", now + timedelta(days=7) + odd_rows.OLDEST)
    assert set(OddRow.objects.values_list("identity", flat=True)) == {"n7", "late"}


def test_nothing_is_written_inside_a_transaction(workspace, system, feed) -> None:
    """It may be one that must not write, such as a dry run's."""
    system.feeds["/p"] = [price_row("A", "n/a"), price_row("B")]
    with transaction.atomic():
        assert read(workspace) == ["B"]
    assert not OddRow.objects.exists()


def test_a_reading_goes_on_when_nothing_can_be_kept(workspace, system, feed, monkeypatch) -> None:
    """It is for looking at, not for working."""

    def fail(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr(odd_rows, "store_odd_rows", fail)
    system.feeds["/p"] = [price_row("A", "n/a"), price_row("B")]
    assert read(workspace) == ["B"]


def test_what_no_database_keeps_is_kept_anyway(workspace, system, feed) -> None:
    """NUL, halves of letters, endless words."""
    system.feeds["/p"] = [price_row("A\0", "x\0\ud800"), {"x\0" * 500: "y" * 10_000}, "\0\ud800"]
    assert read(workspace) == []
    assert OddRow.objects.count() == 3


def test_the_list_can_be_cleared(workspace, system, feed) -> None:
    """Recorded; what is still odd comes back."""
    system.feeds["/p"] = [price_row("A", "n/a")]
    read(workspace)
    assert odd_rows.dismiss(connector=feed, by="user:olga", now=timezone.now()) == 1
    assert odd_rows.dismiss(connector=feed, by="user:olga", now=timezone.now()) == 0
    assert Event.objects.filter(kind=Kind.ROWS_DISMISSED).count() == 1
    read(workspace)
    assert OddRow.objects.count() == 1
