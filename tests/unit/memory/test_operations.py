"""Remembering, correcting, forgetting, embedding."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.inference.providers import offline_embeddings
from apps.memory import operations
from apps.memory.models import Item
from apps.memory.operations import InvalidItem, NotCurrent
from tests.factories.memory import AGENT, PERSON, item


def kinds() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("kind", flat=True))


def test_remembering_records_who_and_what_but_not_the_words(
    workspace: Workspace, now: datetime
) -> None:
    """One event, in the log of the run that caused it."""
    run = uuid4()
    made = item(workspace, "Never refund worn shoes", now=now, provenance={**PERSON, "run_id": run})
    event = Event.objects.get()
    assert (event.kind, event.actor, event.run_id) == ("item.remembered", "user:1", run)
    assert Payload.objects.get().fields == {
        "type": "correction",
        "namespace": "refunds",
        "subject": "",
        "version": 1,
    }
    assert made.provenance["run_id"] == str(run)


def test_a_repeated_step_remembers_once(workspace: Workspace, now: datetime) -> None:
    """The same words from the same proposal are the same item; from another they are not."""
    one, other = ({**AGENT, "proposal_id": uuid4()} for _ in range(2))
    first = item(workspace, "late", now=now, provenance=one)
    assert item(workspace, "late", now=now + timedelta(days=1), provenance=one) == first
    assert item(workspace, "late", now=now, provenance=other) != first
    assert item(workspace, "late", now=now, subject="sku:A", provenance=one) != first
    assert kinds() == ["item.remembered"] * 3


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"type": "rumour"}, "type"),
        ({"namespace": "with space"}, "namespace"),
        ({"provenance": {"by": "user:1"}}, "provenance.source"),
        ({"provenance": {**PERSON, "more": 1}}, "provenance.more"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 20_001}, "text"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    workspace: Workspace, now: datetime, fields: dict[str, object], says: str
) -> None:
    """And nothing is written."""
    with pytest.raises(InvalidItem, match=says):
        item(workspace, **({"text": "fine", "now": now} | fields))  # type: ignore[arg-type]
    assert not Item.objects.exists()
    assert kinds() == []


def test_a_new_version_replaces_the_old_one(workspace: Workspace, now: datetime) -> None:
    """Both stay readable; only one can follow."""
    old = item(workspace, "pays late", now=now, subject="customer:ann@x")
    new = operations.supersede(old, text="pays early", data={}, provenance=PERSON, now=now)
    old.refresh_from_db()
    assert (old.state, old.text) == ("superseded", "pays late")
    assert (new.version, new.supersedes, new.subject) == (2, old, "customer:ann@x")
    assert kinds() == ["item.remembered", "item.remembered", "item.superseded"]
    with pytest.raises(NotCurrent):
        operations.supersede(old, text="pays never", data={}, provenance=PERSON, now=now)
    assert Item.objects.count() == 2


def test_a_failed_event_leaves_nothing_behind(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change and its record are one transaction."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no log")

    old = item(workspace, "first", now=now)
    monkeypatch.setattr("apps.audit.operations.record", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        operations.supersede(old, text="second", data={}, provenance=PERSON, now=now)
    old.refresh_from_db()
    assert old.state == "current"
    assert Item.objects.count() == 1


def test_forgetting_leaves_no_text_in_any_version(workspace: Workspace, now: datetime) -> None:
    """Rows stay, words, subject, data and vectors go, the index of words included."""
    old = item(workspace, "secret words", now=now, subject="customer:ann@x", data={"a": "secret"})
    new = operations.supersede(
        old, text="more secret words", data={"b": "secret"}, provenance=PERSON, now=now
    )
    operations.embed_pending(now=now)
    operations.forget(old, by="user:1", reason="asked to", now=now)
    operations.forget(new, by="user:1", reason="asked again", now=now)
    assert Item.objects.count() == 2
    for row in Item.objects.values():
        assert row["state"] == "forgotten"
        assert row["embedding"] is None
        assert "secret" not in str(row)
        assert "ann" not in str(row)
    assert kinds().count("item.forgotten") == 2


def test_the_database_refuses_a_forgotten_item_with_content(
    workspace: Workspace, now: datetime
) -> None:
    """Whatever the code does; and known items always say something."""
    made = item(workspace, "words", now=now)
    for wrong in ({"state": "forgotten"}, {"text": ""}, {"version": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Item.objects.filter(pk=made.pk).update(**wrong)


def test_expired_items_are_forgotten(workspace: Workspace, now: datetime) -> None:
    """And others are left alone."""
    due = item(workspace, "short", now=now, expires_at=now + timedelta(days=1))
    kept = item(workspace, "long", now=now, expires_at=now + timedelta(days=9))
    assert operations.forget_expired(now=now + timedelta(days=2)) == 1
    assert operations.forget_expired(now=now + timedelta(days=2)) == 0
    due.refresh_from_db()
    kept.refresh_from_db()
    assert (due.state, kept.state) == ("forgotten", "current")


def test_without_any_embedding_model_items_wait(
    workspace: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unclaimed, so that they are embedded as soon as there is one."""
    made = item(workspace, "Never refund worn shoes", now=now)
    with monkeypatch.context() as patched:
        patched.setattr(offline_embeddings, "INSTALLED", False)
        assert operations.embed_pending(now=now) == 0
    made.refresh_from_db()
    assert (made.embedding, made.embedding_claimed_until) == (None, None)
    assert operations.embed_pending(now=now) == 1


def test_pending_items_get_vectors_of_the_model_in_use(workspace: Workspace, now: datetime) -> None:
    """Also those which another model embedded before."""
    for number in range(3):
        item(workspace, f"text {number}", now=now)
    Item.objects.filter(text="text 1").update(embedding=[0.1] * 384, embedding_model="zz-other")
    assert operations.embed_pending(now=now, limit=2) == 2
    assert operations.embed_pending(now=now, limit=2) == 1
    assert operations.embed_pending(now=now) == 0
    assert set(Item.objects.values_list("embedding_model", flat=True)) == {
        "multilingual-e5-small-q4"
    }


def test_a_claim_runs_out_when_its_worker_died(workspace: Workspace, now: datetime) -> None:
    """Until then nobody else takes the item."""
    made = item(workspace, "text", now=now)
    Item.objects.filter(pk=made.pk).update(embedding_claimed_until=now + timedelta(minutes=3))
    assert operations.embed_pending(now=now) == 0
    assert operations.embed_pending(now=now + timedelta(minutes=3)) == 1


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_share_the_work(now: datetime) -> None:
    """Each item is claimed once."""
    workspace = Workspace.objects.create(name="Many", slug="many")
    for number in range(12):
        item(workspace, f"text {number}", now=now)

    def work(_: int) -> int:
        try:
            return operations.embed_pending(now=now, limit=4)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(6))) == 12
    assert not Item.objects.filter(embedding=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_at_once_one_wins(now: datetime) -> None:
    """The other hears that the item is no longer current."""
    workspace = Workspace.objects.create(name="Two", slug="two")
    old = item(workspace, "first", now=now)

    def correct(number: int) -> bool:
        try:
            operations.supersede(old, text=f"second {number}", data={}, provenance=PERSON, now=now)
        except NotCurrent:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(correct, range(4))) == 1
    assert Item.objects.count() == 2
