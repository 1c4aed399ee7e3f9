"""The rows behind a number are the ones that were counted."""

from datetime import timedelta

import pytest

from apps.audit.kinds import Kind
from apps.audit.models import Event, Payload
from apps.insights.counting import count, listed
from apps.insights.facts import SOURCES
from apps.insights.spans import Span
from apps.insights.tally import Tally
from tests.unit.insights.test_reading import write

pytestmark = pytest.mark.django_db


def every(workspace, span, fact, what=(), narrowed=None, *, limit=7):
    """All rows of a fact, page by page."""
    found, behind = [], None
    while page := listed(workspace.pk, span, fact, what=what, narrowed=narrowed or {},
                         behind=behind, limit=limit):  # fmt: skip
        found += page
        behind = page[-1].place
    return found


@pytest.fixture
def busy(past, now):
    """Three busy days."""
    world, span = past(7), Span(now - timedelta(days=3), now)
    write(world, now, since=span.since, until=span.until, n=40)
    alter(Kind.PROPOSAL_SETTLED, state="done")
    return world, span


def alter(kind, **changes):
    """Rewrite the content of the newest event of a kind, as only the tables' owner can."""
    event = Event.objects.filter(kind=kind).latest("at")
    content = Payload.objects.get(event_id=event.pk)
    Payload.objects.filter(pk=content.pk).update(
        fields={**content.fields, **changes, "title": "rewritten"}
    )
    return event


def test_as_many_rows_as_counted(busy, workspace):
    """For every fact and every kind of it; no row twice, newest first."""
    _, span = busy
    [tally] = count(workspace.pk, [span])
    for fact in SOURCES:
        # a step counts its cases and what memory had about them: pages ask for one of the two
        kinds = ("cases",) if fact == "recalled" else ()
        rows = every(workspace, span, fact, kinds)
        assert len(rows) == tally.count(fact, *kinds) > 0, fact
        assert rows == sorted(rows, key=lambda row: (row.at, row.id), reverse=True)
        for what in {row.what for row in rows}:
            only = every(workspace, span, fact, (what,))
            assert len(only) == tally.count(fact, what)
            assert {row.what for row in only} == {what}
            assert len({row.id for row in only}) == len(only)


def test_rows_are_narrowed_like_numbers(busy, workspace):
    """By agent, version, action and reviewer."""
    world, span = busy
    [tally] = count(workspace.pk, [span])
    narrowed = {"agent": str(world.agents[0].pk), "action": "set_price"}
    rows = every(workspace, span, "decided", narrowed=narrowed)
    expected = Tally.where(
        tally, lambda key: (key.agent, key.action) == (narrowed["agent"], "set_price")
    )
    assert len(rows) == expected.count("decided") > 0
    rita = str(world.cast.rita.pk)
    by_rita = every(workspace, span, "held_verdict", narrowed={"extra": rita})
    assert len(by_rita) == tally.by("extra")[rita].count("held_verdict") > 0


def test_durations_of_rows_are_exact(busy, workspace):
    """What a bucket rounds, a row does not."""
    world, span = busy
    rows = every(workspace, span, "first_verdict")
    expected = [f.ms for f in world.facts if f.fact == "first_verdict"]
    assert sorted(float(row.ms) for row in rows) == pytest.approx(sorted(expected), abs=0.01)


def test_neighbouring_spans_are_told_apart(busy, workspace):
    """Days counted together are what they are alone."""
    _, span = busy
    days = [Span(span.since + n * timedelta(days=1), span.since + (n + 1) * timedelta(days=1))
            for n in range(3)]  # fmt: skip
    assert count(workspace.pk, days) == [count(workspace.pk, [day])[0] for day in days]


@pytest.mark.parametrize("kind", [Kind.PROPOSAL_SETTLED, Kind.RUN_STEPPED])
def test_what_was_altered_is_in_no_figure(past, workspace, now, kind):
    """A failure made a success, and cases made up, count as neither; the event itself is listed."""
    world, span = past(7), Span(now - timedelta(days=3), now)
    write(world, now, since=span.since, until=span.until, n=40)
    [before] = count(workspace.pk, [span])
    event = alter(kind, state="done", cases=9000, recalled=9000)
    [after] = count(workspace.pk, [span])
    assert not before.count("altered")
    assert [row.id for row in every(workspace, span, "altered")] == [event.pk]
    assert after.count("settled", "done") <= before.count("settled", "done")
    assert after.total("recalled") <= before.total("recalled")
    if kind == Kind.PROPOSAL_SETTLED:
        assert after.count("settled", "altered") == 1
        assert after.count("settled") == before.count("settled")
