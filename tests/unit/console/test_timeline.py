"""A trace of stored events: filtered within a bounded look, page by page, nothing twice."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.audit.kinds import Kind
from apps.audit.operations import record_all, sequence
from apps.console import timeline
from apps.console.presenters.trace import Filter
from tests.factories.events import fact

pytestmark = pytest.mark.django_db(transaction=True)


def happen(workspace_id: UUID, now: datetime, count: int, run_id: UUID | None = None) -> None:
    """Events of which each third is a call to a model that failed."""
    facts = [
        fact(kind=Kind.MODEL_CALLED, workspace_id=workspace_id, actor="inference", run_id=run_id,
             subject_kind="call", subject_id=uuid4(),
             fields={"model": "m", "outcome": "timeout", "latency_ms": n})
        if n % 3 == 0 else
        fact(kind=Kind.RUN_STEPPED, workspace_id=workspace_id, actor="agent:x", run_id=run_id,
             subject_kind="run", subject_id=run_id or uuid4(),
             fields={"stage": "plan", "summary": f"number {n}"})
        for n in range(count)
    ]  # fmt: skip
    with transaction.atomic():
        record_all(facts, now=now)
    sequence()


def walk(workspace_id: UUID, wanted: Filter, limit: int) -> list[int]:
    """The numbers of all pages, from the newest on."""
    places: list[int] = []
    before: int | None = None
    while True:
        found = timeline.find(workspace_id, wanted, run_id=None, before=before, limit=limit)
        places += [row.told.event.index for row in found.rows]
        if not found.older:
            return places
        before = found.older


def test_pages_follow_one_another(workspace: Workspace, now: datetime, monkeypatch) -> None:
    """With and without a filter, every event that fits comes once, newest first."""
    monkeypatch.setattr(timeline, "SCANNED", 7)
    happen(workspace.pk, now, 30)
    everything = walk(workspace.pk, Filter(), 4)
    assert everything == sorted(set(everything), reverse=True)
    assert len(everything) >= 30
    errors = walk(workspace.pk, Filter(kind="errors"), 2)
    assert len(errors) == 10
    assert errors == sorted(set(errors), reverse=True)
    assert len(walk(workspace.pk, Filter(text="NUMBER 2"), 50)) == 8
    assert walk(workspace.pk, Filter(stage="learn"), 3) == []


def test_a_look_is_bounded_however_long_the_log(workspace: Workspace, now: datetime) -> None:
    """As many queries for a thousand events as for ten, and no more than a thousand read."""
    happen(workspace.pk, now, 10)
    with CaptureQueriesContext(
        connection,
    ) as few:
        timeline.find(workspace.pk, Filter(kind="errors"), run_id=None, before=None, limit=100)
    happen(workspace.pk, now, timeline.SCANNED + 50)
    with CaptureQueriesContext(connection) as many:
        found = timeline.find(
            workspace.pk, Filter(kind="people"), run_id=None, before=None, limit=100
        )
    assert found.looked == timeline.SCANNED
    assert found.rows == []
    assert found.older > 0
    assert len(many) <= len(few) <= 6


def test_a_run_is_read_alone(workspace: Workspace, now: datetime) -> None:
    """Its events and nobody else's."""
    run_id = uuid4()
    happen(workspace.pk, now, 5)
    happen(workspace.pk, now, 4, run_id)
    found = timeline.find(workspace.pk, Filter(), run_id=run_id, before=None, limit=100)
    assert {row.told.event.run_id for row in found.rows} == {run_id}
    assert len(found.rows) == 4
    assert found.older == 0
