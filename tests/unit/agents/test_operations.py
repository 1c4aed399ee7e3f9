"""Starting, scheduling and configuring agents, and the tasks that carry runs on."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django_celery_beat.models import PeriodicTask
from pydantic import ValidationError

from apps.accounts.models import Workspace
from apps.agents import operations, queries, tasks
from apps.agents.models import Agent, Checkpoint, Run, Stage, State
from apps.agents.playbooks.registry import UnknownPlaybook
from apps.audit.models import Event, Payload
from apps.inference.models import Budget
from tests.factories import agents as make
from tests.factories import inference


@pytest.fixture
def agent(workspace: Workspace, now: datetime) -> Agent:
    """A repricer without a shop."""
    return make.agent(workspace, "repricing", now)


def test_a_start_is_recorded(agent: Agent, now: datetime) -> None:
    """With who, on whose behalf, and what started it."""
    run = operations.start(agent=agent, trigger="api", by="key:abc", on_behalf_of="user:1", now=now)
    assert (run.state, run.stage, run.trigger) == (State.RUNNING, Stage.SENSE, "api")
    event = Event.objects.get(kind="run.started")
    assert (event.actor, event.run_id) == ("key:abc", run.pk)
    assert Payload.objects.get(event_id=event.id).fields == {
        "agent": "repricing", "playbook": "repricing", "trigger": "api",
    }  # fmt: skip


def test_a_model_gets_a_budget_for_the_run(
    agent: Agent, workspace: Workspace, now: datetime
) -> None:
    """Only where there is a model."""
    operations.start(agent=agent, trigger="person", by="user:1", now=now)
    assert not Budget.objects.exists()
    Run.objects.update(state=State.DONE, finished_at=now)
    inference.tier(workspace, provider="fake")
    run = operations.start(agent=agent, trigger="person", by="user:1", now=now)
    assert Budget.objects.get(scope="run", scope_id=run.pk).limit == Decimal("0.50")


def test_a_disabled_agent_does_not_start(agent: Agent, now: datetime) -> None:
    """Neither by a person nor by the clock."""
    Agent.objects.update(enabled=False)
    agent.refresh_from_db()
    with pytest.raises(operations.AgentDisabled):
        operations.start(agent=agent, trigger="person", by="user:1", now=now)
    tasks.start(agent_id=str(agent.pk), a_new_keyword=1)
    assert not Run.objects.exists()


def test_the_clock_starts_agents_and_the_tasks_carry_runs_on(agent: Agent) -> None:
    """Without a connector the run fails at once, and says why."""
    tasks.start(agent_id=str(agent.pk))
    tasks.advance(later="added")
    tasks.resume(later="added")
    run = Run.objects.get()
    assert (run.trigger, run.started_by, run.state) == ("schedule", "clock", State.FAILED)


def test_a_schedule_is_made_once_and_then_the_operators(agent: Agent, now: datetime) -> None:
    """A second call leaves what was edited."""
    task = operations.schedule(agent=agent, every=timedelta(seconds=60), by="user:1", now=now)
    assert task.task == "agents.start"
    assert json.loads(task.kwargs) == {"agent_id": str(agent.pk)}
    PeriodicTask.objects.filter(pk=task.pk).update(enabled=False)
    operations.schedule(agent=agent, every=timedelta(seconds=5), by="user:1", now=now)
    again = PeriodicTask.objects.get(task="agents.start")
    assert (again.enabled, again.interval.every) == (False, 60)


def test_a_change_of_an_agent_is_recorded_once(workspace: Workspace, now: datetime) -> None:
    """With what it was and what it is; the same again is nothing."""
    make.agent(workspace, "repricing", now)
    make.agent(workspace, "repricing", now, settings={"batch": 3})
    make.agent(workspace, "repricing", now, settings={"batch": 3})
    events = Event.objects.filter(kind="agent.changed").order_by("id")
    assert len(events) == 2
    fields = Payload.objects.get(event_id=events[1].id).fields
    assert (fields["before"], fields["after"]) == ({"settings": {}}, {"settings": {"batch": 3}})


def test_wrong_settings_and_playbooks_are_refused(workspace: Workspace, now: datetime) -> None:
    """With the name of what is wrong."""
    with pytest.raises(ValidationError, match="batch"):
        make.agent(workspace, "repricing", now, settings={"batch": 0})
    with pytest.raises(ValidationError, match="colour"):
        make.agent(workspace, "refund_desk", now, settings={"colour": "red"})
    with pytest.raises(UnknownPlaybook):
        make.agent(workspace, "magic", now)
    assert not Agent.objects.exists()


def test_agents_and_runs_of_another_workspace_are_not_found(
    agent: Agent, elsewhere: Workspace, now: datetime
) -> None:
    """Whoever knows their id."""
    run = operations.start(agent=agent, trigger="person", by="user:1", now=now)
    assert queries.run(agent.workspace_id, run.pk).run == run
    assert not queries.runs_of(elsewhere.pk)
    with pytest.raises(Run.DoesNotExist):
        queries.run(elsewhere.pk, run.pk)
    with pytest.raises(Agent.DoesNotExist):
        queries.agent(elsewhere.pk, agent.pk)


class TestRetry:
    """A failed run goes on where it was."""

    @pytest.fixture
    def failed(self, workspace: Workspace, now: datetime) -> Run:
        """It has read, and failed to plan five times."""
        agent = Agent.objects.create(
            workspace=workspace, name="Desk", playbook="refund_desk", created_at=now
        )
        run = Run.objects.create(workspace=workspace, agent=agent, trigger="schedule",
                                 started_by="clock", not_before=now, started_at=now,
                                 finished_at=now, state=State.FAILED, stage=Stage.PLAN,
                                 attempts=5, deaths=1, error="BadAnswer: not JSON")  # fmt: skip
        Checkpoint.objects.create(workspace=workspace, run=run, stage=Stage.PLAN,
                                  state={"sensed": {}}, at=now)  # fmt: skip
        return run

    def test_it_goes_on_from_its_checkpoint(self, failed: Run, now: datetime) -> None:
        """As if the step had not been tried; the event says what it had failed of."""
        later = now + timedelta(hours=1)
        run = operations.retry(run_id=failed.pk, by="user:1", now=later)
        run.refresh_from_db()
        assert (run.state, run.stage, run.finished_at) == (State.RUNNING, Stage.PLAN, None)
        assert (run.attempts, run.deaths, run.error, run.not_before) == (0, 0, "", later)
        event = Event.objects.get(kind="run.retried")
        assert event.actor == "user:1"
        told = Payload.objects.get(event_id=event.id).fields
        assert told == {"stage": "plan", "error": "BadAnswer: not JSON"}

    def test_what_it_had_read_long_ago_it_reads_again(self, failed: Run, now: datetime) -> None:
        """Nothing is proposed from last week's prices."""
        run = operations.retry(run_id=failed.pk, by="user:1", now=now + timedelta(days=2))
        assert run.stage == Stage.SENSE

    def test_what_it_has_proposed_it_goes_on_to_learn_from(
        self, failed: Run, now: datetime
    ) -> None:
        """However long ago that was: proposing is done."""
        Run.objects.filter(pk=failed.pk).update(stage=Stage.LEARN)
        run = operations.retry(run_id=failed.pk, by="user:1", now=now + timedelta(days=2))
        assert run.stage == Stage.LEARN

    @pytest.mark.parametrize("state", [State.RUNNING, State.WAITING])
    def test_only_what_has_failed(self, failed: Run, state: State, now: datetime) -> None:
        """The second of two clicks changes nothing."""
        Run.objects.filter(pk=failed.pk).update(state=state, finished_at=None)
        with pytest.raises(operations.NotFailed):
            operations.retry(run_id=failed.pk, by="user:1", now=now)
        assert not Event.objects.filter(kind="run.retried").exists()

    def test_not_while_another_is_at_work(self, failed: Run, now: datetime) -> None:
        """One at a time, and nothing of it is left half done."""
        other = operations.start(agent=failed.agent, trigger="person", by="user:1", now=now)
        with pytest.raises(operations.AtWork):
            operations.retry(run_id=failed.pk, by="user:1", now=now)
        failed.refresh_from_db()
        assert failed.state == State.FAILED
        operations.cancel(run_id=other.pk, by="user:1", reason="", now=now)
        assert operations.retry(run_id=failed.pk, by="user:1", now=now).state == State.RUNNING

    def test_not_of_an_agent_that_is_off(self, failed: Run, now: datetime) -> None:
        """Somebody switched it off for a reason."""
        Agent.objects.update(enabled=False)
        with pytest.raises(operations.AgentDisabled):
            operations.retry(run_id=failed.pk, by="user:1", now=now)
