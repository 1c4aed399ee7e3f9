"""Trying an agent out: in shadow first, nothing proposed; then for good."""

from datetime import datetime

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from apps.accounts.models import Workspace
from apps.agents import queries, trial
from apps.agents.models import Agent, Autonomy, Run
from apps.agents.operations import AgentDisabled
from apps.agents.playbooks.registry import UnknownPlaybook
from apps.proposals.models import Proposal
from tests.contract.shops import Shop
from tests.factories import agents as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def moment(workspace: Workspace, shop: Shop) -> datetime:
    """Now, in a workspace with the demo shop."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    return now


def begin(workspace: Workspace, now: datetime, playbook: str = "repricing") -> Agent:
    """As the guide does."""
    return trial.begin(workspace=workspace, playbook=playbook, by="user:olga", now=now)


def test_an_agent_in_shadow_proposes_nothing(workspace: Workspace, moment: datetime) -> None:
    """It runs to its end, and what it would have proposed can be read with its facts."""
    agent = begin(workspace, moment)
    make.drive(lambda: moment)
    run = Run.objects.get(agent=agent)
    assert (agent.autonomy, run.state) == (Autonomy.SHADOW, "done")
    assert not Proposal.objects.exists()
    shadowed = queries.shadowed(run)
    assert shadowed
    assert all(
        change.facts["action"] == change.action for one in shadowed for change in one.changes
    )


def test_two_clicks_make_one_agent(workspace: Workspace, moment: datetime) -> None:
    """The second runs the agent there is."""
    assert begin(workspace, moment).pk == begin(workspace, moment).pk
    assert Run.objects.count() == 1


def test_an_agent_at_work_keeps_its_autonomy(workspace: Workspace, moment: datetime) -> None:
    """The guide takes no rights away from what an operator has set up."""
    live = make.agent(workspace, "repricing", moment)
    assert begin(workspace, moment).pk == live.pk
    live.refresh_from_db()
    assert live.autonomy == Autonomy.BY_THRESHOLD


def test_a_switched_off_agent_and_an_unknown_playbook_are_refused(
    workspace: Workspace, moment: datetime
) -> None:
    """Nothing is made."""
    make.agent(workspace, "repricing", moment, enabled=False)
    with pytest.raises(AgentDisabled):
        begin(workspace, moment)
    with pytest.raises(UnknownPlaybook):
        begin(workspace, moment, "horoscopes")
    assert not Run.objects.exists()


def test_switched_on_it_takes_up_what_it_tried(workspace: Workspace, moment: datetime) -> None:
    """Policy decides from then on, on a schedule; the tried cases are proposed."""
    agent = begin(workspace, moment)
    make.drive(lambda: moment)
    trial.go_live(agent=agent, by="user:olga", now=moment)
    make.drive(lambda: moment)
    agent.refresh_from_db()
    assert agent.autonomy == Autonomy.BY_THRESHOLD
    assert PeriodicTask.objects.filter(kwargs__contains=str(agent.pk), enabled=True).exists()
    assert Proposal.objects.exists()
