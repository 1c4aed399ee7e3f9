"""What a run waits for, what fails it, and after how long."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from apps.accounts.models import Workspace
from apps.agents import loop
from apps.agents.models import Agent, Run, Stage, State
from apps.agents.steps import STEPS
from apps.agents.steps.base import Context, Taken
from apps.gateway import switches
from apps.gateway.errors import Away, BadAnswer, Unreachable
from apps.gateway.models import Breaker, Connector
from apps.proposals.models import Proposal
from tests.factories import runs


def test_an_unreachable_shop_pauses_a_run_until_it_is_back(
    repricer: Agent, workspace: Workspace, moment: datetime
) -> None:
    """However often; ever more rarely; for what it waits is shown, and recorded once."""
    shop = Connector.objects.get(workspace=workspace, kind="medusa")
    away = {"address": "http://127.0.0.1:9", "changed_at": moment + timedelta(seconds=1)}
    Connector.objects.filter(pk=shop.pk).update(**away)
    run, now = runs.start(repricer, moment), moment
    while now < moment + timedelta(hours=2):
        assert runs.advance(now) == 1
        run.refresh_from_db()
        assert (run.state, run.attempts, run.waiting_since) == (State.RUNNING, 0, moment)
        assert "shop" in run.error
        pause = run.not_before - now
        assert timedelta(seconds=2) <= pause <= timedelta(minutes=6)
        assert runs.advance(run.not_before - timedelta(seconds=1)) == 0
        now = run.not_before
    assert [kind for kind, _ in runs.events(run)] == ["run.started", "run.paused"]
    assert runs.events(run)[1][1]["reason"].startswith("Waiting for shop: ")
    assert runs.start(repricer, now) == run
    back = {"address": shop.address, "changed_at": moment + timedelta(seconds=2)}
    Connector.objects.filter(pk=shop.pk).update(**back)
    Breaker.objects.all().delete()
    assert runs.advance(now) == 1
    run.refresh_from_db()
    assert (run.stage, run.error, run.waiting_since) == (Stage.PLAN, "", None)


def test_an_outage_that_does_not_end_fails_the_run(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day; the next run is free then."""
    monkeypatch.setitem(STEPS, Stage.SENSE, runs.raising(Unreachable("no answer")))
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    almost = moment + timedelta(hours=23, minutes=59)
    assert runs.advance(almost) == 1
    run.refresh_from_db()
    assert run.state == State.RUNNING
    assert runs.advance(run.not_before) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.error == "Still away after 24 hours. Waiting for a back end: no answer"
    assert run.waiting_since is None
    assert runs.events(run)[-1][0] == "run.failed"
    assert runs.start(repricer, run.finished_at or moment) != run


@pytest.mark.parametrize("scope", ["workspace", "agent"])
def test_a_stop_uses_up_no_patience(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    """Held for three days within an outage, the run still has what was left of its own day."""
    monkeypatch.setitem(STEPS, Stage.SENSE, runs.raising(Unreachable("no answer")))
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    switch = switches.engage(
        workspace=repricer.workspace, scope=scope,
        target=str(repricer.pk) if scope == "agent" else "", reason="test", by="user:x",
        now=moment + timedelta(hours=1),
    )  # fmt: skip
    released = moment + timedelta(days=3, hours=1)
    assert runs.advance(released) == 0
    switches.release(switch=switch, by="user:x", now=released)
    for hours, state in ((0, State.RUNNING), (22, State.RUNNING), (23, State.FAILED)):
        assert runs.advance(released + timedelta(hours=hours)) == 1
        run.refresh_from_db()
        assert run.state == state


def test_a_fault_fails_the_run_after_a_few_tries(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five, with pauses that double: waiting does not mend it."""
    monkeypatch.setitem(STEPS, Stage.SENSE, runs.raising(BadAnswer("not JSON")))
    run, now, pauses = runs.start(repricer, moment), moment, []
    for _ in range(loop.MAX_ATTEMPTS):
        assert runs.advance(now) == 1
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
    monkeypatch.setitem(STEPS, Stage.SENSE, runs.raising(OperationalError("server closed")))
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    run.refresh_from_db()
    assert (run.state, run.attempts) == (State.RUNNING, 0)
    assert run.error == "Waiting for the database: server closed"


def test_a_shop_that_comes_back_is_enough(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on from its checkpoint as if nothing had been."""
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    broken = iter([Unreachable("no answer")])
    real = STEPS[Stage.PLAN]

    def plan(context: Context) -> Taken:
        for error in broken:
            raise error
        return real(context)

    monkeypatch.setitem(STEPS, Stage.PLAN, plan)
    assert runs.advance(moment) == 1
    run.refresh_from_db()
    assert (run.state, run.stage) == ("running", "plan")
    assert run.error == "Waiting for a back end: no answer"
    assert runs.advance(moment + timedelta(seconds=2)) == 1
    run.refresh_from_db()
    assert (run.stage, run.error, run.attempts) == ("act", "", 0)


def test_a_run_waits_while_the_back_end_is_left_alone(
    repricer: Agent, moment: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then and no longer, however often; it does not fail of it."""
    until = moment + timedelta(seconds=40)
    error = Away("'shop' is not being called", until=until)
    monkeypatch.setitem(STEPS, Stage.SENSE, runs.raising(error))
    run = runs.start(repricer, moment)
    for _ in range(2 * loop.MAX_ATTEMPTS):
        assert runs.advance(until) == 1
        run.refresh_from_db()
        assert (run.state, run.attempts, run.not_before) == (
            State.RUNNING, 0, until + timedelta(seconds=1),
        )  # fmt: skip
        assert "is not being called" in run.error
        Run.objects.update(not_before=moment)


def test_a_run_waits_while_too_much_waits(repricer: Agent, moment: datetime, settings: Any) -> None:
    """Nothing is proposed and nothing lost: when there is room it acts."""
    settings.PROPOSALS_WAITING_LIMIT = 0
    run = runs.start(repricer, moment)
    assert runs.advance(moment) + runs.advance(moment) + runs.advance(moment) == 3
    run.refresh_from_db()
    assert (run.state, run.stage, run.attempts) == (State.RUNNING, Stage.ACT, 0)
    assert run.not_before == moment + timedelta(seconds=60)
    assert not Proposal.objects.exists()
    settings.PROPOSALS_WAITING_LIMIT = 1_000
    runs.drive_to_end(lambda: moment + timedelta(seconds=60))
    assert Proposal.objects.filter(run_id=run.pk).count() == 12


def test_without_a_connector_the_run_says_so(
    repricer: Agent, workspace: Workspace, moment: datetime
) -> None:
    """Trying again would not help."""
    Connector.objects.filter(workspace=workspace).update(enabled=False)
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "can read 'variants'" in run.error


def test_wrong_settings_fail_with_their_name(repricer: Agent, moment: datetime) -> None:
    """Somebody wrote nonsense into the database."""
    Agent.objects.filter(pk=repricer.pk).update(settings={"batch": "many"})
    run = runs.start(repricer, moment)
    assert runs.advance(moment) == 1
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert "batch" in run.error
