"""Trying an agent out: first in shadow, then for good."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.accounts.models import Workspace
from apps.agents import operations, queries
from apps.agents.models import Agent, Autonomy, Run
from apps.agents.playbooks import registry

RHYTHM = timedelta(minutes=15)  # of an agent switched on by the guide; edited in the admin


@transaction.atomic
def begin(*, workspace: Workspace, playbook: str, by: str, now: datetime) -> Agent:
    """An agent of the playbook in shadow, with a run begun; one that is there runs as it is.

    Raises `UnknownPlaybook` and `AgentDisabled`.
    """
    kind = registry.playbook(playbook)
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two clicks, one agent
    agent = queries.agents_of(workspace.pk).filter(playbook=playbook).first()
    if agent is None:
        agent = operations.configure(
            workspace=workspace,
            name=kind.title,
            playbook=playbook,
            autonomy=Autonomy.SHADOW,
            by=by,
            now=now,
        )
    operations.start(agent=agent, trigger="person", by=by, on_behalf_of=by, now=now)
    return agent


@transaction.atomic
def go_live(*, agent: Agent, by: str, now: datetime) -> Run:
    """Let policy decide who decides on what the agent proposes, run it now and every so often.

    Raises `AgentDisabled`.
    """
    live = operations.set_autonomy(agent=agent, autonomy=Autonomy.BY_THRESHOLD, by=by, now=now)
    operations.schedule(agent=live, every=RHYTHM, by=by, now=now)
    return operations.start(agent=live, trigger="schedule", by=by, now=now)
