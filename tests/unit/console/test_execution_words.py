"""Executions in words: attempts out of the log, grants, steps, dry runs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.audit.kinds import Kind
from apps.console.presenters.executions import (
    attempts,
    dry_run,
    permission,
    steps_of,
    title_of,
)
from apps.gateway.models import Execution, Grant
from apps.proposals.operations import dry_run_execution
from tests.factories.proposals import propose


@pytest.fixture
def due(world, workspace) -> Execution:
    """One that is due."""
    propose(workspace, "5", now=timezone.now())
    return Execution.objects.select_related("connector").get()


def test_attempts_are_told_in_order(happened):
    """Each with its request; one that another followed was surely without effect."""
    told = attempts(
        [
            happened(Kind.EXECUTION_DUE),
            happened(Kind.EXECUTION_STARTED, attempt=1, request="aa"),
            happened(Kind.EXECUTION_UNKNOWN, attempt=1, outcome="unknown", error="Reset."),
            happened(Kind.EXECUTION_STARTED, attempt=2, request="bb"),
            happened(Kind.EXECUTION_STARTED, attempt=3, request="cc"),
            happened(Kind.EXECUTION_FINISHED, outcome="done", reference="r-1", answer="dd"),
        ]
    )
    assert [(one.number, one.outcome, one.tone) for one in told] == [
        (1, "Not carried out", ""),
        (2, "Not carried out", ""),
        (3, "Done and proven", "good"),
    ]
    assert told[0].error == "Reset."
    assert (told[2].request, told[2].answer, told[2].reference) == ("cc", "dd", "r-1")


def test_an_attempt_without_an_end_is_open(happened):
    """Nobody claims that it ended; one whose outcome is unknown says so."""
    [begun] = attempts([happened(Kind.EXECUTION_STARTED, attempt=1)])
    assert (begun.ended_at, begun.tone) == (None, "busy")
    unknown = happened(Kind.EXECUTION_UNKNOWN, outcome="unknown")
    [open_one] = attempts([happened(Kind.EXECUTION_STARTED), unknown])
    assert (open_one.number, open_one.tone) == (1, "warn")


def test_erased_content_breaks_nothing(happened):
    """The attempt is still counted."""
    events = [happened(Kind.EXECUTION_STARTED), happened(Kind.EXECUTION_FINISHED)]
    [one] = attempts([replace(event, fields=None) for event in events])
    assert (one.number, one.request) == (1, "")


def test_grants_stand_somewhere(due, now):
    """Open, expired, used or withdrawn."""
    grant, later = Grant.objects.get(), timezone.now() + timedelta(days=365)
    assert permission(grant, now=timezone.now()).state == "Open"
    assert permission(grant, now=later).state == "Expired unused"
    grant.revoked_at = now
    assert permission(grant, now=later).state == "Withdrawn"
    grant.consumed_at = now
    assert (permission(grant, now=later).state, permission(grant, now=now).amount) == (
        "Used", "€5.00")  # fmt: skip


def test_steps_of_a_saga(due, now, browse, world):
    """What became of each, with the back end's reference or the reason; the page shows it."""
    at = now.isoformat()
    due.progress = [
        {"step": "begin_return", "reference": "ret_1", "at": at},
        {"step": "receive", "failed": "Timed out.", "at": at},
        {"step": "receive", "turned": "It failed 5 times.", "at": at},
        {"step": "begin_return", "undone": True, "at": at},
        "odd",
    ]
    due.save()
    told = [(one.step, one.state, one.detail) for one in steps_of(due)]
    assert told == [
        ("begin return", "Proven", "ret_1"),
        ("receive", "Failed", "Timed out."),
        ("receive", "Turned back", "It failed 5 times."),
        ("begin return", "Undone", ""),
    ]
    page = browse(world.rita).get(reverse("console:execution", args=[due.pk])).content.decode()
    assert "Turned back" in page
    assert "ret_1" in page


def test_a_dry_run_in_words(due):
    """Called now with its effect; or not, with each guard by name; or once it is its turn."""
    called = dry_run(dry_run_execution(due, now=timezone.now()))
    assert (called.tone, called.hindrances, called.reading) == ("good", [], "")
    assert [one.label for one in called.effect] == ["Amount"]
    due.state = "parked"
    aside = dry_run(dry_run_execution(due, now=timezone.now()))
    assert "Nothing but where it stands" in aside.verdict
    assert [one.guard for one in aside.hindrances] == ["Where it stands"]
    due.snapshot = {"amount": "7.00"}
    stale = dry_run(dry_run_execution(due, now=timezone.now()))
    assert (stale.tone, stale.verdict) == ("bad", "It would not be called now.")
    assert stale.changed[0].before == "€7.00"


def test_an_unknown_action_keeps_its_name():
    """History outlives the catalogue."""
    assert title_of("set_price") == "Set price"
    assert title_of("paint_shop") == "paint_shop"
