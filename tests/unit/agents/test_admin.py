"""Agents and runs in the admin."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Run
from apps.audit.models import Event
from tests.conftest import Cast
from tests.factories import agents as make


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who may use the admin."""
    client.force_login(cast.olga)
    return client


def form(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """What the page sends."""
    values = {"workspace": workspace.pk, "name": "Prices", "playbook": "repricing", "enabled": "on",
              "autonomy": "by_threshold", "settings": "{}", "tier": "small",
              "budget_usd": "1.00", "priority": "5"}  # fmt: skip
    return values | changes


def test_an_agent_is_made_and_changed_with_events(olgas: Client, workspace: Workspace) -> None:
    """As by the operation: checked and recorded."""
    page = olgas.get(reverse("admin:agents_agent_add"))
    assert page.status_code == 200
    answer = olgas.post(reverse("admin:agents_agent_add"), form(workspace))
    assert answer.status_code == 302, answer.context["errors"]
    agent = Agent.objects.get()
    change = reverse("admin:agents_agent_change", args=[agent.pk])
    assert "margin_floor_percent" in olgas.get(change).content.decode()
    assert olgas.post(change, form(workspace, settings='{"batch": 7}')).status_code == 302
    agent.refresh_from_db()
    assert agent.settings == {"batch": 7}
    assert Event.objects.filter(kind="agent.changed").count() == 2


def test_a_wrong_setting_is_shown_at_its_field(olgas: Client, workspace: Workspace) -> None:
    """And nothing is saved."""
    answer = olgas.post(reverse("admin:agents_agent_add"), form(workspace, settings='{"batch": 0}'))
    assert answer.status_code == 200
    assert "batch: Input should be greater than or equal to 1" in answer.content.decode()
    assert not Agent.objects.exists()


def test_no_agent_of_ours_is_named_as_one_from_outside(olgas: Client, workspace: Workspace) -> None:
    """A rule about that one would be about this."""
    answer = olgas.post(reverse("admin:agents_agent_add"), form(workspace, name="ERP (Outside)"))
    assert "Only agents that run elsewhere" in answer.content.decode()
    assert not Agent.objects.exists()


def test_run_now_starts_on_behalf_of_the_person(
    olgas: Client, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """So that they cannot approve what comes of it."""
    agent = make.agent(workspace, "repricing", now)
    olgas.post(reverse("admin:agents_agent_changelist"),
                 {"action": "run_now", "_selected_action": [agent.pk]})  # fmt: skip
    run = Run.objects.get()
    assert (run.trigger, run.on_behalf_of) == ("person", cast.olga.actor)


def test_runs_are_shown_with_their_steps_and_cannot_be_changed(
    olgas: Client, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Those of the person's own workspaces."""
    own = operations.start(agent=make.agent(workspace, "repricing", now), trigger="api",
                           by="key:1", now=now)  # fmt: skip
    other = operations.start(agent=make.agent(elsewhere, "repricing", now), trigger="api",
                             by="key:1", now=now)  # fmt: skip
    page = olgas.get(reverse("admin:agents_run_changelist")).content.decode()
    assert str(own.pk) in page
    assert str(other.pk) not in page
    assert olgas.get(reverse("admin:agents_run_change", args=[own.pk])).status_code == 200
    assert olgas.get(reverse("admin:agents_run_change", args=[other.pk])).status_code == 302
    assert olgas.get(reverse("admin:agents_run_add")).status_code == 403


def test_agents_of_others_are_no_filter_of_runs(
    olgas: Client, workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """Their names would tell what others do."""
    foreign = make.agent(elsewhere, "repricing", now)
    Agent.objects.filter(pk=foreign.pk).update(name="Their secret agent")
    operations.start(agent=foreign, trigger="api", by="key:1", now=now)
    for kind in ("repricing", "refund_desk"):
        own = make.agent(workspace, kind, now)
        operations.start(agent=own, trigger="api", by="key:1", now=now)
    page = olgas.get(reverse("admin:agents_run_changelist")).content.decode()
    assert own.name in page
    assert "Their secret agent" not in page


def test_a_schedule_is_made_and_changed_with_events(
    olgas: Client, workspace: Workspace, now: datetime
) -> None:
    """From the list of agents, then on its own page."""
    agent = make.agent(workspace, "repricing", now)
    olgas.post(reverse("admin:agents_agent_changelist"),
                 {"action": "start_hourly", "_selected_action": [agent.pk]})  # fmt: skip
    task = PeriodicTask.objects.get(task="agents.start")
    assert task.interval.every == 3600
    events = Event.objects.filter(kind="agent.changed", subject_id=str(agent.pk))
    before = events.count()
    page = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])
    assert olgas.get(page).status_code == 200
    assert olgas.post(page, {"interval": task.interval.pk}).status_code == 302
    task.refresh_from_db()
    assert not task.enabled
    assert events.count() == before + 1


def test_schedules_of_others_are_neither_seen_nor_changed(
    olgas: Client, elsewhere: Workspace, now: datetime
) -> None:
    """Nor is a rhythm they share changed, nor any task started that is not an agent."""
    foreign = make.agent(elsewhere, "repricing", now)
    task = operations.schedule(agent=foreign, every=timedelta(minutes=7), by="test", now=now)
    tasks = reverse("admin:django_celery_beat_periodictask_changelist")
    assert str(foreign.pk) not in olgas.get(tasks).content.decode()
    page = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])
    assert olgas.get(page).status_code == 302
    assert olgas.post(page, {"interval": task.interval.pk}).status_code == 302
    assert PeriodicTask.objects.get(pk=task.pk).enabled
    assert olgas.get(reverse("admin:django_celery_beat_periodictask_add")).status_code == 403
    rhythm = reverse("admin:django_celery_beat_intervalschedule_change", args=[task.interval.pk])
    assert str(foreign.pk) not in olgas.get(rhythm).content.decode()
    assert olgas.post(rhythm, {"every": "1", "period": "seconds"}).status_code == 403
    assert IntervalSchedule.objects.get(pk=task.interval.pk).every == 420


def test_an_agent_shows_what_people_made_of_its_proposals(
    olgas: Client, workspace: Workspace, now: datetime
) -> None:
    """Nobody yet; the table itself is made from what `calibration` counts."""
    agent = make.agent(workspace, "repricing", now)
    page = olgas.get(reverse("admin:agents_agent_change", args=[agent.pk])).content.decode()
    assert "Nobody has judged any of its proposals yet." in page
