"""Runs through the API."""

from datetime import datetime
from uuid import uuid4

import pytest

from apps.accounts.models import Workspace
from apps.agents.models import Agent, Run
from apps.proposals.operations import Origin
from tests.factories.keys import Caller
from tests.factories.proposals import propose
from tests.unit.api.calls import bounded, problem


@pytest.fixture
def agent(workspace: Workspace, now: datetime) -> Agent:
    """An agent of the workspace."""
    return Agent.objects.create(
        workspace=workspace, name="Repricer", playbook="repricing", created_at=now
    )


def test_started(otto: Caller, agent: Agent, cast) -> None:
    """201 with the run, its address, and who started it on whose behalf."""
    response = otto.post("/runs", {"agent": str(agent.pk)})
    assert response.status_code == 201
    found = response.json()
    assert response["Location"] == f"/api/v1/runs/{found['id']}"
    assert (found["trigger"], found["state"], found["stage"]) == ("api", "running", "sense")
    assert found["started_by"].startswith("key:")
    assert found["on_behalf_of"] == cast.otto.actor


def test_one_at_a_time(otto: Caller, agent: Agent) -> None:
    """While a run is at it, that one is answered with 200."""
    first = otto.post("/runs", {"agent": str(agent.pk)})
    second = otto.post("/runs", {"agent": str(agent.pk)}, once=None)
    assert second.status_code == 200
    assert second.json()["id"] == first.json()["id"]
    assert Run.objects.count() == 1


def test_a_repeat_starts_nothing(otto: Caller, agent: Agent) -> None:
    """The same Idempotency-Key answers the first run, whatever happened since."""
    first = otto.post("/runs", {"agent": str(agent.pk)}, once="k")
    Run.objects.update(state="done", finished_at=agent.created_at)
    assert otto.post("/runs", {"agent": str(agent.pk)}, once="k").content == first.content
    assert Run.objects.count() == 1


def test_refused(otto: Caller, rita: Caller, mallory: Caller, agent: Agent) -> None:
    """A reviewer 403, another workspace or no agent 404, switched off 409, no id 422."""
    problem(rita.post("/runs", {"agent": str(agent.pk)}), 403)
    problem(mallory.post("/runs", {"agent": str(agent.pk)}), 404)
    problem(otto.post("/runs", {"agent": str(uuid4())}), 404)
    problem(otto.post("/runs", {"agent": "Repricer"}), 422)
    Agent.objects.update(enabled=False)
    problem(otto.post("/runs", {"agent": str(agent.pk)}), 409)
    assert not Run.objects.exists()


@pytest.mark.usefixtures("connector", "policy")
def test_read(
    otto: Caller, mallory: Caller, agent: Agent, workspace: Workspace, now: datetime
) -> None:
    """A run tells its agent, steps and proposals in a bounded number of queries."""
    run = Run.objects.create(
        workspace=workspace, agent=agent, trigger="schedule", started_by="clock", not_before=now,
        started_at=now,
    )  # fmt: skip
    run.steps.create(
        workspace=workspace, number=1, stage="sense", input_digest="0" * 64, summary="Read.",
        planner="rules", started_at=now, finished_at=now,
    )  # fmt: skip
    origin = Origin(by=agent.actor, trigger="schedule", run_id=run.pk, agent_id=agent.pk)
    proposal = propose(workspace, 50, now=now, origin=origin)
    [item] = bounded(otto, "/runs", 3, state="running")["items"]
    assert (item["agent"], item["playbook"]) == ("Repricer", "repricing")
    found = bounded(otto, f"/runs/{run.pk}", 5)
    assert [step["stage"] for step in found["steps"]] == ["sense"]
    assert [one["id"] for one in found["proposals"]] == [str(proposal.pk)]
    problem(mallory.get(f"/runs/{run.pk}"), 404)
    assert mallory.get("/runs").json()["items"] == []


def failed(agent: Agent, now: datetime) -> Run:
    """A run that could not go on after it had read."""
    return Run.objects.create(
        workspace=agent.workspace, agent=agent, trigger="schedule", started_by="clock",
        not_before=now, started_at=now, finished_at=now, state="failed", stage="plan",
        error="BadAnswer: not JSON", attempts=5,
    )  # fmt: skip


def test_tried_again(otto: Caller, agent: Agent, now: datetime) -> None:
    """A failed run goes on; a second try in the same moment does not begin a third."""
    run = failed(agent, now)
    response = otto.post(f"/runs/{run.pk}/retry", {}, once="again")
    assert response.status_code == 200, response.content
    assert (response.json()["state"], response.json()["error"]) == ("running", "")
    assert otto.post(f"/runs/{run.pk}/retry", {}, once="again").content == response.content
    found = problem(otto.post(f"/runs/{run.pk}/retry", {}, once=None), 409)
    assert found["type"].endswith("not-failed")


def test_not_tried_again(
    otto: Caller, rita: Caller, mallory: Caller, agent: Agent, now: datetime
) -> None:
    """A reviewer 403, another workspace 404, another run at work or switched off 409."""
    run = failed(agent, now)
    problem(rita.post(f"/runs/{run.pk}/retry", {}), 403)
    problem(mallory.post(f"/runs/{run.pk}/retry", {}), 404)
    other = otto.post("/runs", {"agent": str(agent.pk)})
    found = problem(otto.post(f"/runs/{run.pk}/retry", {}), 409)
    assert found["type"].endswith("at-work")
    Run.objects.filter(pk=other.json()["id"]).update(state="done", finished_at=now)
    Agent.objects.update(enabled=False)
    problem(otto.post(f"/runs/{run.pk}/retry", {}), 409)
    run.refresh_from_db()
    assert run.state == "failed"


def test_a_retry_takes_no_body(otto: Caller, agent: Agent, now: datetime) -> None:
    """Whatever is sent along is refused, and the run stays failed."""
    run = failed(agent, now)
    for body in ('{"reason": "x"}', "[", "-", "\0"):
        answer = otto.send("POST", f"/runs/{run.pk}/retry", content=body)
        problem(answer, 422)
    run.refresh_from_db()
    assert run.state == "failed"
