"""The log's order, its privileges, and that a record lives and dies with its change."""

import threading

import psycopg
import pytest
from django.db import connection, transaction
from uuid_utils.compat import uuid7

from apps.audit import operations, queries
from apps.audit.kinds import Kind
from apps.audit.models import Entry, Event
from tests.factories import events

WORKSPACE = uuid7()


def record(now, subject="x", **more):
    events.record(kind=Kind.RUN_STARTED, workspace_id=WORKSPACE, actor="t", subject_kind="run",
                  subject_id=subject, now=now, **more)  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_recording_needs_a_transaction(now):
    """An event outside the change it tells of is refused."""
    with pytest.raises(operations.NotInTransaction):
        record(now)


@pytest.mark.django_db(transaction=True)
def test_an_event_dies_with_its_transaction(now):
    """What was rolled back was never recorded."""
    with transaction.atomic():
        record(now)
        transaction.set_rollback(True)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_numbers_are_dense_and_in_order(now):
    """Entries count from 1 without gaps, also over several passes."""
    for subject in "ab", "c":
        with transaction.atomic():
            for one in subject:
                record(now, one)
        operations.sequence()
    stream = queries.stream(workspace_id=WORKSPACE)
    assert [(e.index, e.subject_id) for e in stream] == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.django_db(transaction=True)
def test_a_late_commit_does_not_slip_in_behind(now):
    """An event of an open transaction is not numbered, nor is any begun after it."""
    inside, leave = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                record(now, "slow")
                inside.set()
                leave.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    inside.wait(10)
    with transaction.atomic():
        record(now, "quick")
    assert operations.sequence() == operations.Sequenced(numbered=0, waiting=True)
    leave.set()
    thread.join()
    assert operations.sequence() == operations.Sequenced(numbered=2, waiting=False)
    assert [e.subject_id for e in queries.stream(workspace_id=WORKSPACE)] == ["slow", "quick"]


def alter(statement):
    """What only a restore or another cluster can have done."""
    with connection.cursor() as sql:
        sql.execute(statement)


def write(now, *subjects):
    for subject in subjects:
        with transaction.atomic():
            record(now, subject)


@pytest.mark.django_db(transaction=True)
def test_a_restored_log_goes_on(now):
    """In a cluster with lower transaction ids every event is numbered, those of the dump first."""
    write(now, "numbered")
    operations.sequence()
    write(now, "came unnumbered")
    alter("UPDATE audit_event SET xid = (xid::text::bigint + 1000000000)::text::xid8")
    alter("UPDATE audit_cursor SET xid = xid + 2000000000")
    write(now, "new")
    assert operations.sequence() == operations.Sequenced(numbered=2, waiting=False)
    write(now, "newer")
    assert operations.sequence() == operations.Sequenced(numbered=1, waiting=False)
    assert [(e.index, e.subject_id) for e in queries.stream(workspace_id=WORKSPACE)] == [
        (1, "numbered"), (2, "came unnumbered"), (3, "new"), (4, "newer")]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_transaction_ids_that_come_again_number_nothing_twice(now):
    """Years after a restore the cluster reaches the ids of the dump."""
    write(now, "old")
    operations.sequence()
    alter("UPDATE audit_event SET xid = pg_current_xact_id()")
    write(now, "new")
    assert operations.sequence() == operations.Sequenced(numbered=1, waiting=False)


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_lose_nothing(now):
    """Eight writers and two sequencers: every event has one number, and numbers are dense."""

    def write():
        try:
            for _ in range(20):
                with transaction.atomic():
                    record(now)
                operations.sequence()
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    operations.sequence()
    assert list(Entry.objects.order_by("index").values_list("index", flat=True)) == list(
        range(1, 161)
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'nobody'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "UPDATE audit_entry SET index = index + 1",
        "DELETE FROM audit_entry",
        "UPDATE audit_payload SET fields = '{}'",
        "ALTER TABLE audit_event ADD COLUMN x int",
        "DROP TABLE audit_event",
        "SET session_replication_role = replica",
    ],
)
def test_the_applications_role_cannot_alter_history(now, statement):
    """The role the product runs as may add and read; everything else is a permission error."""
    with transaction.atomic():
        record(now)
    operations.sequence()
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("SET LOCAL ROLE aios_app")
        sql.execute("SELECT count(*) FROM audit_event")
        assert sql.fetchone() == (1,)
        with pytest.raises(Exception) as caught, transaction.atomic():
            sql.execute(statement)
        assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)
        sql.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_following_sees_each_event_once(now):
    """A reader's cursor moves behind what it has seen."""
    with transaction.atomic():
        record(now)
        record(now)
    operations.sequence()
    assert operations.follow("reader").kinds == ("run.started", "run.started")
    assert operations.follow("reader") == operations.Followed(kinds=(), index=2)
    assert queries.lag("reader") == 0
