"""Agents and runs in the admin."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Run
from apps.audit.models import Event
from tests.conftest import Cast
from tests.factories import agents as make


@pytest.fixture
def olgas(cast: Cast, client: Client) -> Client:
    """Olga, who may use the admin."""
    type(cast.olga).objects.filter(pk=cast.olga.pk).update(is_staff=True, is_superuser=True)
    client.force_login(cast.olga)
    return client


def form(workspace: Workspace, **changes: Any) -> dict[str, Any]:
    """What the page sends."""
    values = {"workspace": workspace.pk, "name": "Prices", "playbook": "repricing", "enabled": "on",
              "settings": "{}", "tier": "small", "budget_usd": "1.00", "priority": "5"}  # fmt: skip
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


def test_a_wrong_knob_is_shown_at_its_field(olgas: Client, workspace: Workspace) -> None:
    """And nothing is saved."""
    answer = olgas.post(reverse("admin:agents_agent_add"), form(workspace, settings='{"batch": 0}'))
    assert answer.status_code == 200
    assert "batch: Input should be greater than or equal to 1" in answer.content.decode()
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
