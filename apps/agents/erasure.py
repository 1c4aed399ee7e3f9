"""Removing the demo: everything agents made in a demo workspace, and the agents themselves.

It lives here because agents stand above everything a run leaves behind: each app below deletes
its own rows, this one says in which order. People, policies and the audit log stay.
"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError
from django_celery_beat.models import PeriodicTask

from apps.accounts import erasure
from apps.accounts.models import Workspace
from apps.agents import operations, queries
from apps.agents.models import LIVE_STATES, Agent, Run
from apps.audit.events.connectors import DemoRemoved
from apps.audit.operations import record
from apps.gateway import erasure as gateway
from apps.inference import erasure as inference
from apps.memory import erasure as memory
from apps.policies import erasure as policies
from apps.proposals import erasure as proposals

AT_ONCE = 1_000  # rows of one transaction: locks are held for a fraction of a second
LEFT = "The demo data was removed."

Forget = Callable[..., Counter[str]]


class NoDemo(Exception):
    """This workspace holds no demo data, so nothing was removed."""


class StillAtWork(Exception):
    """Something is being carried out at the shop right now. Nothing new begins; try again soon."""


def remove_demo(*, workspace: Workspace, by: str, now: datetime) -> Counter[str]:
    """Remove what the demo made, in this order; returns how many rows went, by what they are.

    1. Agents and connectors are switched off, schedules end, runs are cancelled: one transaction.
    2. Rows are deleted, `AT_ONCE` in a transaction: what points at others goes first.
    3. The workspace is no demo any more, and the log says what went: one transaction.

    Broken off, it goes on where it was when it is asked again. Raises `NoDemo`, `StillAtWork`.
    """
    if not Workspace.objects.filter(pk=workspace.pk, is_demo=True).exists():
        raise NoDemo(NoDemo.__doc__)
    end_work(workspace, by=by, now=now)
    if gateway.is_at_work(workspace_id=workspace.pk, now=now):
        raise StillAtWork(StillAtWork.__doc__)
    gone = delete_all(workspace.pk)
    note_removal(workspace, gone, by=by, now=now)
    return gone


@transaction.atomic
def end_work(workspace: Workspace, *, by: str, now: datetime) -> None:
    """Nothing begins any more: no run, no proposal, no call."""
    agents = list(queries.agents_of(workspace.pk).select_for_update())
    for agent in [listed_agent for listed_agent in agents if listed_agent.enabled]:
        Agent.objects.filter(pk=agent.pk).update(enabled=False)
        operations.note_change(agent, {"enabled": True}, {"enabled": False}, by=by, now=now)
    calls = [json.dumps({"agent_id": str(agent.pk)}) for agent in agents]
    PeriodicTask.objects.filter(task=operations.START_TASK, kwargs__in=calls).delete()
    live = Run.objects.filter(workspace=workspace, state__in=LIVE_STATES).order_by("pk")
    for run_id in live.values_list("pk", flat=True):
        operations.cancel(run_id=run_id, by=by, reason=LEFT, now=now)
    gateway.switch_off(workspace_id=workspace.pk, by=by, now=now)


def delete_all(workspace_id: UUID) -> Counter[str]:
    """Delete every row, a transaction for each `AT_ONCE`. Raises `StillAtWork`."""
    gone: Counter[str] = Counter()
    steps: tuple[Forget, ...] = (proposals.forget, gateway.forget, policies.forget, memory.forget,
                                 inference.forget, forget)  # fmt: skip
    try:
        for step in steps:
            while went := step(workspace_id=workspace_id, most=AT_ONCE):
                gone += went
    except ProtectedError as error:  # an integrator proposed something in the same moment
        raise StillAtWork(StillAtWork.__doc__) from error
    return gone


def forget(*, workspace_id: UUID, most: int) -> Counter[str]:
    """Delete up to `most` runs and agents, newest first; the counts, empty at the end.

    Steps, checkpoints and handled cases go with their run.
    """
    runs = Run.objects.filter(workspace_id=workspace_id)
    return erasure.take([runs, queries.agents_of(workspace_id)], most=most)


@transaction.atomic
def note_removal(workspace: Workspace, gone: Counter[str], *, by: str, now: datetime) -> None:
    """From now on it is a workspace like any other; the next start makes no demo in it."""
    Workspace.objects.filter(pk=workspace.pk).update(is_demo=False)
    record(
        DemoRemoved(what="demo data", counts=dict(sorted(gone.items()))),
        workspace_id=workspace.pk,
        actor=by,
        subject_kind="workspace",
        subject_id=workspace.pk,
        now=now,
    )
