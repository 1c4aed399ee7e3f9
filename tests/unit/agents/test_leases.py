"""Who works on a run: workers that die, are slow, or come too late."""

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import heartbeat, leases, loop, operations
from apps.agents.models import Agent, Handled, Stage, State, Step
from apps.agents.steps.base import Context, Taken
from apps.inference.providers import fake
from apps.inference.providers.base import Completion
from apps.memory.models import Item
from apps.proposals.models import Proposal
from tests.factories import inference, runs


@pytest.mark.parametrize("stage", list(Stage))
def test_a_step_that_was_cut_off_is_done_again(
    repricer: Agent, moment: datetime, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies before its checkpoint leaves nothing; another does the step once."""
    run = runs.start(repricer, moment)
    real = loop.commit

    def die(lease: leases.Lease, context: Context, taken: Taken, **times: Any) -> None:
        real(lease, context, taken, **times)
        if lease.run.steps.filter(stage=stage).exists():
            raise KeyboardInterrupt  # stands for SIGKILL: nobody handles it

    monkeypatch.setattr(loop, "commit", die)
    later = moment + timedelta(seconds=20)
    with pytest.raises(KeyboardInterrupt):
        runs.drive_to_end(lambda: later)
    run.refresh_from_db()
    assert not run.steps.filter(stage=stage).exists()
    assert (run.state, run.stage, run.attempts) == (State.RUNNING, stage, 1)
    assert runs.advance(later) == 0  # still leased
    monkeypatch.setattr(loop, "commit", real)
    after = later + leases.LEASE + timedelta(seconds=1)
    runs.drive_to_end(lambda: after)
    run.refresh_from_db()
    assert run.state == State.DONE
    assert list(run.steps.values_list("stage", flat=True)).count(stage) >= 1
    assert Proposal.objects.filter(run_id=run.pk).count() == 12
    assert Handled.objects.filter(run=run).count() == 12
    assert Item.objects.filter(type="episode").count() == 12


def test_a_worker_that_lost_its_lease_changes_nothing(repricer: Agent, moment: datetime) -> None:
    """Its run was taken over; what it comes back with is dropped."""
    run = runs.start(repricer, moment)
    slow = leases.claim(worker="slow", now=moment)
    assert slow is not None
    later = moment + leases.LEASE + timedelta(seconds=1)
    assert runs.advance(later, "quick") == 1
    loop.advance(slow, clock=lambda: later)
    assert Step.objects.filter(run=run).count() == 1
    run.refresh_from_db()
    assert run.stage == Stage.PLAN


def test_two_workers_never_hold_the_same_run(repricer: Agent, moment: datetime) -> None:
    """The second finds nothing to do."""
    runs.start(repricer, moment)
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
    run, stolen = runs.start(repricer, timezone.now()), []

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


def test_a_run_that_kills_its_workers_is_parked(repricer: Agent, moment: datetime) -> None:
    """Three died; the fourth does not even try."""
    run = runs.start(repricer, moment)
    now = moment
    for _ in range(loop.MAX_DEATHS):
        assert leases.claim(worker="doomed", now=now) is not None
        now += leases.LEASE + timedelta(seconds=1)
    assert runs.advance(now) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "3 workers died" in run.error


def test_a_cancelled_run_stays_cancelled(repricer: Agent, moment: datetime) -> None:
    """Also when a worker is at it."""
    run = runs.start(repricer, moment)
    lease = leases.claim(worker="w", now=moment)
    assert lease is not None
    assert operations.cancel(run_id=run.pk, by="user:1", reason="enough", now=moment)
    loop.advance(lease, clock=lambda: moment)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not run.steps.exists()
    assert not operations.cancel(run_id=run.pk, by="user:1", reason="again", now=moment)
