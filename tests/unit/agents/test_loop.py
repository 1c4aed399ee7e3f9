"""The loop over a real shop and a real database: its steps, checkpoints and events."""

from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Checkpoint, Run, Stage, State
from apps.agents.steps import STEPS
from apps.agents.steps.base import Taken, Then
from apps.memory.models import Item
from apps.proposals.models import Proposal
from tests.factories import agents as make
from tests.factories import memory as knowledge
from tests.factories import runs


def test_each_step_leaves_a_checkpoint_and_an_event(repricer: Agent, moment: datetime) -> None:
    """Sense, plan, act, then wait for what was proposed."""
    run = runs.start(repricer, moment)
    stages = []
    while runs.advance(moment):
        run.refresh_from_db()
        stages.append((run.state, run.stage, run.checkpoint.stage))
        assert (run.lease_until, run.attempts) == (None, 0)
    assert stages == [("running", "plan", "plan"), ("running", "act", "act"),
                      ("waiting", "learn", "learn")]  # fmt: skip
    steps = list(run.steps.order_by("number"))
    assert [(step.number, step.stage) for step in steps] == [(1, "sense"), (2, "plan"), (3, "act")]
    assert [step.planner for step in steps] == ["", "rules", "rules"]
    assert all(len(step.input_digest) == 64 and step.summary for step in steps)
    kinds = [kind for kind, _ in runs.events(run)]
    assert kinds == ["run.started", *["run.stepped"] * 3, "run.waiting"]
    assert runs.events(run)[2][1] == {"stage": "plan", "number": 2, "planner": "rules",
                                 "summary": "Planned 12 proposals by rules.",
                                 "cases": 12, "recalled": 0}  # fmt: skip
    assert Proposal.objects.filter(run_id=run.pk).count() == 12
    assert runs.events(run)[-1][1] == {"proposals": 12}


def test_planning_tells_how_often_the_memory_was_used(
    repricer: Agent, workspace: Workspace, moment: datetime
) -> None:
    """A correction that was heeded counts; what is only listed beside does not."""
    run = runs.start(repricer, moment)
    runs.advance(moment)
    skus = [one["sku"] for one in run.checkpoint.state["sensed"]["offers"]]
    operations.cancel(run_id=run.pk, by="test", reason="Only to look.", now=moment)
    corrected = {"verdict": "edit", "edited": make.edit("1.00", "2.00")}
    for place, sku in enumerate(skus[:30]):  # as many as are looked at
        told = {"type": "fact"} if place % 2 else {"type": "correction", "data": corrected}
        knowledge.item(workspace, f"{sku} sells well.", now=moment, namespace="repricing",
                       subject=f"sku:{sku}", **told)  # fmt: skip
    run = runs.start(repricer, moment)
    runs.advance(moment)
    runs.advance(moment)
    told = runs.events(run)[-1][1]
    proposed = [one["draft"]["subject"] for one in run.checkpoint.state["planned"] if one["draft"]]
    heeded = [subject for subject in proposed if subject.removeprefix("sku:") in skus[:30:2]]
    assert (told["cases"], told["recalled"]) == (len(proposed), len(heeded))
    assert 0 < len(heeded) < len(proposed)


def test_a_run_learns_in_the_end(repricer: Agent, moment: datetime) -> None:
    """Episodes of what is closed, at once; when all is closed, the run is done."""
    run = runs.start(repricer, moment)
    make.drive(lambda: moment)
    run.refresh_from_db()
    assert run.state == State.WAITING
    later = moment + timedelta(seconds=20)
    make.drive(lambda: later)
    closed = Proposal.objects.filter(state__in=["done", "denied"]).count()
    assert closed
    assert Item.objects.filter(type="episode").count() == closed
    Proposal.objects.filter(state="waiting").update(state="expired")
    make.drive(lambda: later)
    run.refresh_from_db()
    assert (run.state, run.finished_at) == (State.DONE, later)
    assert Item.objects.filter(type="episode").count() == 12
    episode = Item.objects.filter(type="episode").order_by("created_at").first()
    assert episode is not None
    assert episode.subject.startswith("sku:")
    assert episode.provenance["run_id"] == str(run.pk)


def test_a_waiting_run_does_not_block_the_next(repricer: Agent, moment: datetime) -> None:
    """And the next proposes nothing twice."""
    first = runs.start(repricer, moment)
    make.drive(lambda: moment)
    second = runs.start(repricer, moment)
    assert second != first
    make.drive(lambda: moment)
    titles = list(Proposal.objects.values_list("title", flat=True))
    assert len(titles) == len(set(titles))


def test_a_run_at_work_is_returned_instead_of_a_second(repricer: Agent, moment: datetime) -> None:
    """One at a time, whoever starts it."""
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    assert runs.start(repricer, moment) == run
    assert Run.objects.count() == 1


def test_nothing_to_do_ends_the_run(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step may finish the run."""
    monkeypatch.setitem(
        STEPS, Stage.SENSE, lambda _: Taken(summary="Nothing new.", then=Then.FINISH)
    )
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    run.refresh_from_db()
    assert (run.state, run.summary) == (State.DONE, "Nothing new.")
    assert [kind for kind, _ in runs.events(run)] == ["run.started", "run.stepped", "run.finished"]


def test_a_bad_draft_does_not_hold_up_the_others(repricer: Agent, moment: datetime) -> None:
    """It is left out and reported; the run ends escalated, for a person to look."""
    run = runs.start(repricer, moment)
    assert runs.advance(moment) + runs.advance(moment) == 2
    checkpoint = Checkpoint.objects.get(run=run)
    planned = checkpoint.state["planned"]
    planned[0]["draft"]["changes"][0][1]["variant_id"] = "variant_gone"
    planned[1]["draft"]["changes"][0][1]["amount"] = "-5"
    checkpoint.save()
    runs.drive_to_end(lambda: moment)
    run.refresh_from_db()
    assert run.state == State.ESCALATED
    assert run.summary.count("could not be proposed") == 2
    assert Proposal.objects.filter(run_id=run.pk).count() == 10
    assert runs.events(run)[-1][0] == "run.escalated"
