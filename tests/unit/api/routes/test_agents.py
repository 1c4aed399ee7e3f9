"""Agents through the API."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Run
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.unit.api.calls import bounded, problem


@pytest.fixture
def agent(workspace: Workspace, now: datetime) -> Agent:
    """An agent that has run twice and is scheduled."""
    agent = hired(workspace, "Repricer", now)
    for state, at in (("failed", now), ("done", now + timedelta(minutes=1))):
        Run.objects.create(
            workspace=workspace, agent=agent, trigger="schedule", started_by="clock",
            not_before=at, started_at=at, finished_at=at, state=state,
        )  # fmt: skip
    operations.schedule(agent=agent, every=timedelta(seconds=90), by="test", now=now)
    return agent


def hired(workspace: Workspace, name: str, now: datetime) -> Agent:
    """An agent without a past."""
    return Agent.objects.create(
        workspace=workspace, name=name, playbook="repricing", created_at=now
    )


def test_listed(otto: Caller, agent: Agent, workspace: Workspace, now: datetime) -> None:
    """Each agent tells its schedule and its last run, in few queries; nothing else of it."""
    hired(workspace, "Idler", now)
    idler, found = bounded(otto, "/agents", 3)["items"]  # key, membership, rows
    last = Run.objects.latest("id")
    assert found == {
        "id": str(agent.pk),
        "name": "Repricer",
        "playbook": "repricing",
        "enabled": True,
        "autonomy": "by_threshold",
        "schedule": {"every": 90, "period": "seconds", "cron": "", "timezone": None},
        "last_run": {
            "id": str(last.pk),
            "state": "done",
            "started_at": "2026-11-21T09:01:00Z",
            "finished_at": "2026-11-21T09:01:00Z",
        },
    }
    assert (idler["name"], idler["schedule"], idler["last_run"]) == ("Idler", None, None)
    assert bounded(otto, f"/agents/{agent.pk}", 3) == found


def test_a_schedule_by_the_calendar(otto: Caller, agent: Agent) -> None:
    """A crontab is told as one, with its timezone; a schedule that is off is none."""
    calendar = CrontabSchedule.objects.create(minute="30", hour="6", timezone="Europe/Vienna")
    PeriodicTask.objects.update(interval=None, crontab=calendar)
    assert otto.get(f"/agents/{agent.pk}").json()["schedule"] == {
        "every": None, "period": None, "cron": "30 6 * * *", "timezone": "Europe/Vienna",
    }  # fmt: skip
    PeriodicTask.objects.update(enabled=False)
    assert otto.get(f"/agents/{agent.pk}").json()["schedule"] is None


def test_pages(otto: Caller, workspace: Workspace, now: datetime) -> None:
    """Pages follow each other without gap or overlap, newest first."""
    made = [str(hired(workspace, f"Agent {n}", now).pk) for n in range(5)]
    first = otto.get("/agents", limit=3).json()
    second = otto.get("/agents", limit=3, cursor=first["next_cursor"]).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_its_id_starts_it(otto: Caller, agent: Agent) -> None:
    """What the list tells is what `POST /runs` takes; the new run is then the last."""
    [listed] = otto.get("/agents").json()["items"]
    run = otto.post("/runs", {"agent": listed["id"]}).json()
    assert run["agent_id"] == listed["id"]
    last = otto.get(f"/agents/{listed['id']}").json()["last_run"]
    assert (last["id"], last["state"], last["finished_at"]) == (run["id"], "running", None)


def test_refused(
    mallory: Caller, otto: Caller, agent: Agent, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Another workspace finds nothing, no agent is 404, a key without the scope 403."""
    problem(mallory.get(f"/agents/{agent.pk}"), 404)
    assert mallory.get("/agents").json()["items"] == []
    problem(otto.get(f"/agents/{uuid4()}"), 404)
    problem(otto.get("/agents/Repricer"), 422)
    narrow = caller(workspace, cast.otto, now=now, scopes=("proposals:read",))
    for path in ("/agents", f"/agents/{UUID(int=0)}"):
        assert problem(narrow.get(path), 403)["type"].endswith("missing-scope")
