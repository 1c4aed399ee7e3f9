"""The loop over a real shop and a real database: steps, checkpoints, failures."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import heartbeat, leases, loop, operations
from apps.agents.models import Agent, Checkpoint, Handled, Run, Stage, State, Step
from apps.agents.steps import STEPS
from apps.agents.steps.base import Context, Taken, Then
from apps.audit.models import Event, Payload
from apps.gateway.errors import Away, BadAnswer, Unreachable
from apps.gateway.models import Breaker, Connector
from apps.inference.providers import fake
from apps.inference.providers.base import Completion
from apps.memory.models import Item
from apps.proposals.models import Proposal
from tests.contract.shops import Shop
from tests.factories import agents as make
from tests.factories import inference
from tests.factories import memory as knowledge


@pytest.fixture
def moment() -> datetime:
    """The shop's messages and prices are recent in real time."""
    return timezone.now()


@pytest.fixture
def repricer(workspace: Workspace, shop: Shop, moment: datetime) -> Agent:
    """A repricer in a workspace with the demo shop."""
    make.connect(workspace, shop, moment)
    return make.agent(workspace, "repricing", moment, settings={"batch": 12})


def start(agent: Agent, now: datetime) -> Run:
    """A scheduled run."""
    return operations.start(agent=agent, trigger="schedule", by="clock", now=now)


def advance(now: datetime, worker: str = "w") -> int:
    """One step."""
    return operations.advance_due(worker=worker, clock=lambda: now, limit=1)


def events(run: Run) -> list[tuple[str, dict[str, Any]]]:
    """The run's own events in order, with their fields."""
    rows = Event.objects.filter(subject_kind="run", subject_id=str(run.pk)).order_by("id")
    return [(row.kind, Payload.objects.get(event_id=row.id).fields) for row in rows]


def test_each_step_leaves_a_checkpoint_and_an_event(repricer: Agent, moment: datetime) -> None:
    """Sense, plan, act, then wait for what was proposed."""
    run = start(repricer, moment)
    stages = []
    while advance(moment):
        run.refresh_from_db()
        stages.append((run.state, run.stage, run.checkpoint.stage))
        assert (run.lease_until, run.attempts) == (None, 0)
    assert stages == [("running", "plan", "plan"), ("running", "act", "act"),
                      ("waiting", "learn", "learn")]  # fmt: skip
    steps = list(run.steps.order_by("number"))
    assert [(step.number, step.stage) for step in steps] == [(1, "sense"), (2, "plan"), (3, "act")]
    assert [step.planner for step in steps] == ["", "rules", "rules"]
    assert all(len(step.input_digest) == 64 and step.summary for step in steps)
    kinds = [kind for kind, _ in events(run)]
    assert kinds == ["run.started", *["run.stepped"] * 3, "run.waiting"]
    assert events(run)[2][1] == {"stage": "plan", "number": 2, "planner": "rules",
                                 "summary": "Planned 12 proposals by rules.",
                                 "cases": 12, "recalled": 0}  # fmt: skip
    assert Proposal.objects.filter(run_id=run.pk).count() == 12
    assert events(run)[-1][1] == {"proposals": 12}


def test_planning_tells_how_often_the_memory_was_used(
    repricer: Agent, workspace: Workspace, moment: datetime
) -> None:
    """A correction that was heeded counts; what is only listed beside does not."""
    run = start(repricer, moment)
    advance(moment)
    skus = [one["sku"] for one in run.checkpoint.state["sensed"]["offers"]]
    operations.cancel(run_id=run.pk, by="test", reason="Only to look.", now=moment)
    corrected = {"verdict": "edit", "edited": make.edit("1.00", "2.00")}
    for place, sku in enumerate(skus[:30]):  # as many as are looked at
        told = {"type": "fact"} if place % 2 else {"type": "correction", "data": corrected}
        knowledge.item(workspace, f"{sku} sells well.", now=moment, namespace="repricing",
                       subject=f"sku:{sku}", **told)  # fmt: skip
    run = start(repricer, moment)
    advance(moment)
    advance(moment)
    told = events(run)[-1][1]
    proposed = [one["draft"]["subject"] for one in run.checkpoint.state["planned"] if one["draft"]]
    heeded = [subject for subject in proposed if subject.removeprefix("sku:") in skus[::2]]
    assert (told["cases"], told["recalled"]) == (len(proposed), len(heeded))
    assert 0 < len(heeded) < len(proposed)


def test_a_run_learns_in_the_end(repricer: Agent, moment: datetime) -> None:
    """Episodes of what is closed, at once; when all is closed, the run is done."""
    run = start(repricer, moment)
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
    first = start(repricer, moment)
    make.drive(lambda: moment)
    second = start(repricer, moment)
    assert second != first
    make.drive(lambda: moment)
    titles = list(Proposal.objects.values_list("title", flat=True))
    assert len(titles) == len(set(titles))


def test_a_run_at_work_is_returned_instead_of_a_second(repricer: Agent, moment: datetime) -> None:
    """One at a time, whoever starts it."""
    run = start(repricer, moment)
    assert advance(moment) == 1
    assert start(repricer, moment) == run
    assert Run.objects.count() == 1


@pytest.mark.parametrize("stage", list(Stage))
def test_a_step_that_was_cut_off_is_done_again(
    repricer: Agent, moment: datetime, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies before its checkpoint leaves nothing; another does the step once."""
    run = start(repricer, moment)
    real = loop.commit

    def die(lease: leases.Lease, context: Context, taken: Taken, **times: Any) -> None:
        real(lease, context, taken, **times)
        if lease.run.steps.filter(stage=stage).exists():
            raise KeyboardInterrupt  # stands for SIGKILL: nobody handles it

    monkeypatch.setattr(loop, "commit", die)
    later = moment + timedelta(seconds=20)
    with pytest.raises(KeyboardInterrupt):
        drive_to_end(lambda: later)
    run.refresh_from_db()
    assert not run.steps.filter(stage=stage).exists()
    assert (run.state, run.stage, run.attempts) == (State.RUNNING, stage, 1)
    assert advance(later) == 0  # still leased
    monkeypatch.setattr(loop, "commit", real)
    after = later + leases.LEASE + timedelta(seconds=1)
    drive_to_end(lambda: after)
    run.refresh_from_db()
    assert run.state == State.DONE
    assert list(run.steps.values_list("stage", flat=True)).count(stage) >= 1
    assert Proposal.objects.filter(run_id=run.pk).count() == 12
    assert Handled.objects.filter(run=run).count() == 12
    assert Item.objects.filter(type="episode").count() == 12


def drive_to_end(clock: Callable[[], datetime]) -> None:
    """Drive, let what waits for people expire, and drive to the end."""
    make.drive(clock)
    Proposal.objects.filter(state="waiting").update(state="expired")
    make.drive(clock)


def test_a_worker_that_lost_its_lease_changes_nothing(repricer: Agent, moment: datetime) -> None:
    """Its run was taken over; what it comes back with is dropped."""
    run = start(repricer, moment)
    slow = leases.claim(worker="slow", now=moment)
    assert slow is not None
    later = moment + leases.LEASE + timedelta(seconds=1)
    assert advance(later, "quick") == 1
    loop.advance(slow, clock=lambda: later)
    assert Step.objects.filter(run=run).count() == 1
    run.refresh_from_db()
    assert run.stage == Stage.PLAN


def test_two_workers_never_hold_the_same_run(repricer: Agent, moment: datetime) -> None:
    """The second finds nothing to do."""
    start(repricer, moment)
    assert leases.claim(worker="a", now=moment) is not None
    assert leases.claim(worker="b", now=moment) is None


@pytest.mark.django_db(transaction=True)
def test_a_lease_outlasts_a_slow_model(
    repricer: Agent, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that thinks for many leases is not taken for a dead worker meanwhile."""
    monkeypatch.setattr(leases, "LEASE", timedelta(milliseconds=400))
    monkeypatch.setattr(heartbeat, "BEAT", timedelta(milliseconds=80))
    inference.tier(workspace, provider="fake")
    run, stolen = start(repricer, timezone.now()), []

    def think(*_: Any, **__: Any) -> Completion:
        until = time.monotonic() + 2
        while time.monotonic() < until:
            time.sleep(0.05)
            stolen.append(leases.claim(worker="other", now=timezone.now()))
        return Completion(text="Nothing.", model="m")

    monkeypatch.setattr(fake.FakeProvider, "complete", think)
    assert operations.advance_due(worker="slow", clock=timezone.now, limit=2) == 2
    assert len(stolen) > 10
    assert set(stolen) == {None}
    run.refresh_from_db()
    assert (run.stage, run.deaths) == (Stage.ACT, 0)


def test_an_unreachable_shop_pauses_a_run_until_it_is_back(
    repricer: Agent, workspace: Workspace, moment: datetime
) -> None:
    """However often; ever more rarely; for what it waits is shown, and recorded once."""
    shop = Connector.objects.get(workspace=workspace, kind="medusa")
    away = {"address": "http://127.0.0.1:9", "changed_at": moment + timedelta(seconds=1)}
    Connector.objects.filter(pk=shop.pk).update(**away)
    run, now = start(repricer, moment), moment
    while now < moment + timedelta(hours=2):
        assert advance(now) == 1
        run.refresh_from_db()
        assert (run.state, run.attempts, run.waiting_since) == (State.RUNNING, 0, moment)
        assert "shop" in run.error
        pause = run.not_before - now
        assert timedelta(seconds=2) <= pause <= timedelta(minutes=6)
        assert advance(run.not_before - timedelta(seconds=1)) == 0
        now = run.not_before
    assert [kind for kind, _ in events(run)] == ["run.started", "run.paused"]
    assert events(run)[1][1]["reason"].startswith("Waiting for shop: ")
    assert start(repricer, now) == run
    back = {"address": shop.address, "changed_at": moment + timedelta(seconds=2)}
    Connector.objects.filter(pk=shop.pk).update(**back)
    Breaker.objects.all().delete()
    assert advance(now) == 1
    run.refresh_from_db()
    assert (run.stage, run.error, run.waiting_since) == (Stage.PLAN, "", None)


def test_an_outage_that_does_not_end_fails_the_run(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day; the next run is free then."""
    monkeypatch.setitem(STEPS, Stage.SENSE, raising(Unreachable("no answer")))
    run = start(repricer, moment)
    assert advance(moment) == 1
    almost = moment + timedelta(hours=23, minutes=59)
    assert advance(almost) == 1
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert advance(run.not_before) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "no answer" in run.error
    assert run.waiting_since is None
    assert events(run)[-1][0] == "run.failed"
    assert start(repricer, run.finished_at or moment) != run


def test_a_fault_fails_the_run_after_a_few_tries(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five, with pauses that double: waiting does not mend it."""
    monkeypatch.setitem(STEPS, Stage.SENSE, raising(BadAnswer("not JSON")))
    run, now, pauses = start(repricer, moment), moment, []
    for _ in range(loop.MAX_ATTEMPTS):
        assert advance(now) == 1
        run.refresh_from_db()
        pauses.append((run.not_before - now).total_seconds())
        now = max(run.not_before, now)
    assert pauses[:4] == [2, 4, 8, 16]
    assert (run.state, run.waiting_since) == (State.FAILED, None)
    assert run.error == "BadAnswer: not JSON"


def test_a_database_that_was_away_is_waited_for(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an outage like any other."""
    monkeypatch.setitem(STEPS, Stage.SENSE, raising(OperationalError("server closed")))
    run = start(repricer, moment)
    assert advance(moment) == 1
    run.refresh_from_db()
    assert (run.state, run.attempts) == (State.RUNNING, 0)
    assert run.error == "Waiting for the database: server closed"


def test_a_shop_that_comes_back_is_enough(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on from its checkpoint as if nothing had been."""
    run = start(repricer, moment)
    assert advance(moment) == 1
    broken = iter([Unreachable("no answer")])
    real = STEPS[Stage.PLAN]

    def plan(context: Context) -> Taken:
        for error in broken:
            raise error
        return real(context)

    monkeypatch.setitem(STEPS, Stage.PLAN, plan)
    assert advance(moment) == 1
    run.refresh_from_db()
    assert (run.state, run.stage) == ("running", "plan")
    assert run.error == "Waiting for a back end: no answer"
    assert advance(moment + timedelta(seconds=2)) == 1
    run.refresh_from_db()
    assert (run.stage, run.error, run.attempts) == ("act", "", 0)


def test_a_run_that_kills_its_workers_is_parked(repricer: Agent, moment: datetime) -> None:
    """Three died; the fourth does not even try."""
    run = start(repricer, moment)
    now = moment
    for _ in range(loop.MAX_DEATHS):
        assert leases.claim(worker="doomed", now=now) is not None
        now += leases.LEASE + timedelta(seconds=1)
    assert advance(now) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "3 workers died" in run.error


def test_without_a_connector_the_run_says_so(
    repricer: Agent, workspace: Workspace, moment: datetime
) -> None:
    """Trying again would not help."""
    Connector.objects.filter(workspace=workspace).update(enabled=False)
    run = start(repricer, moment)
    assert advance(moment) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "can read 'variants'" in run.error


def test_wrong_settings_fail_with_their_name(repricer: Agent, moment: datetime) -> None:
    """Somebody wrote nonsense into the database."""
    Agent.objects.filter(pk=repricer.pk).update(settings={"batch": "many"})
    run = start(repricer, moment)
    assert advance(moment) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "batch" in run.error


def test_nothing_to_do_ends_the_run(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step may finish the run."""
    monkeypatch.setitem(
        STEPS, Stage.SENSE, lambda _: Taken(summary="Nothing new.", then=Then.FINISH)
    )
    run = start(repricer, moment)
    assert advance(moment) == 1
    run.refresh_from_db()
    assert (run.state, run.summary) == (State.DONE, "Nothing new.")
    assert [kind for kind, _ in events(run)] == ["run.started", "run.stepped", "run.finished"]


def test_a_bad_draft_does_not_hold_up_the_others(repricer: Agent, moment: datetime) -> None:
    """It is left out and reported; the run ends escalated, for a person to look."""
    run = start(repricer, moment)
    assert advance(moment) + advance(moment) == 2
    checkpoint = Checkpoint.objects.get(run=run)
    planned = checkpoint.state["planned"]
    planned[0]["draft"]["changes"][0][1]["variant_id"] = "variant_gone"
    planned[1]["draft"]["changes"][0][1]["amount"] = "-5"
    checkpoint.save()
    drive_to_end(lambda: moment)
    run.refresh_from_db()
    assert run.state == State.ESCALATED
    assert run.summary.count("could not be proposed") == 2
    assert Proposal.objects.filter(run_id=run.pk).count() == 10
    assert events(run)[-1][0] == "run.escalated"


def test_a_cancelled_run_stays_cancelled(repricer: Agent, moment: datetime) -> None:
    """Also when a worker is at it."""
    run = start(repricer, moment)
    lease = leases.claim(worker="w", now=moment)
    assert lease is not None
    assert operations.cancel(run_id=run.pk, by="user:1", reason="enough", now=moment)
    loop.advance(lease, clock=lambda: moment)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not run.steps.exists()
    assert not operations.cancel(run_id=run.pk, by="user:1", reason="again", now=moment)


def test_a_run_waits_while_the_back_end_is_left_alone(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then and no longer, however often; it does not fail of it."""
    until = moment + timedelta(seconds=40)
    error = Away("'shop' is not being called", until=until)
    monkeypatch.setitem(STEPS, Stage.SENSE, raising(error))
    run = start(repricer, moment)
    for _ in range(2 * loop.MAX_ATTEMPTS):
        assert advance(until) == 1
        run.refresh_from_db()
        assert (run.state, run.attempts, run.not_before) == (
            State.RUNNING, 0, until + timedelta(seconds=1),
        )  # fmt: skip
        assert "is not being called" in run.error
        Run.objects.update(not_before=moment)


def test_a_run_waits_while_too_much_waits(repricer: Agent, moment: datetime, settings: Any) -> None:
    """Nothing is proposed and nothing lost: when there is room it acts."""
    settings.PROPOSALS_WAITING_LIMIT = 0
    run = start(repricer, moment)
    assert advance(moment) + advance(moment) + advance(moment) == 3
    run.refresh_from_db()
    assert (run.state, run.stage, run.attempts) == (State.RUNNING, Stage.ACT, 0)
    assert run.not_before == moment + timedelta(seconds=60)
    assert not Proposal.objects.exists()
    settings.PROPOSALS_WAITING_LIMIT = 1_000
    drive_to_end(lambda: moment + timedelta(seconds=60))
    assert Proposal.objects.filter(run_id=run.pk).count() == 12


def raising(error: Exception) -> Callable[[Context], Taken]:
    """A step that only raises."""

    def step(_context: Context) -> Taken:
        raise error

    return step
