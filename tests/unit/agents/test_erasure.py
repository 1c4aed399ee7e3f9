"""Removing the demo: everything of it goes, nothing of anybody else does."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django_celery_beat.models import PeriodicTask

from apps.accounts import operations as accounts
from apps.accounts.models import Workspace
from apps.agents import erasure, operations
from apps.agents.erasure import NoDemo, StillAtWork
from apps.agents.models import Agent, Run
from apps.agents.operations import schedule
from apps.audit.models import Event, Payload
from apps.gateway.configuration import configure_connector
from apps.gateway.models import Connector, Execution
from apps.gateway.switches import engage, engaged
from apps.memory import operations as memory
from apps.policies.models import Decision, Version
from apps.proposals import operations as proposals
from apps.proposals.models import Change, Proposal
from tests.conftest import Cast
from tests.factories.agents import agent as make_agent
from tests.factories.inference import budget
from tests.factories.memory import PERSON, item
from tests.factories.proposals import propose
from tests.flows.tenancy import rows_of

pytestmark = pytest.mark.django_db
STAYS = {"accounts.Authority", "accounts.ApiKey", "accounts.OutsideAgent", "accounts.Workspace",
         "policies.Policy", "audit.Event", "gateway.KillSwitch",
         "gateway.ActionSetting"}  # fmt: skip


@pytest.fixture
def demo(workspace: Workspace, cast: Cast, connector: Connector, policy: Version) -> Workspace:
    """The workspace as a demo."""
    workspace.is_demo = True
    workspace.save()
    return workspace


def fill(workspace: Workspace, now: datetime) -> Agent:
    """An agent with a run, its schedule, proposals done and waiting, memory and a budget."""
    agent = make_agent(workspace, "repricing", now)
    schedule(agent=agent, every=timedelta(minutes=1), by="test", now=now)
    operations.start(agent=agent, trigger="schedule", by="test", now=now)
    small, _ = propose(workspace, "5", now=now), propose(workspace, "50", now=now)
    proposals.execute(worker="test", clock=lambda: now)
    later = propose(workspace, "6", now=now)
    Change.objects.filter(proposal=later).update(compensates=small.changes.get())
    old = item(workspace, "Never below cost.", now=now)
    memory.supersede(old, text="Never below 18 EUR.", data={}, provenance=PERSON, now=now)
    budget(workspace, "1")
    return agent


def left(workspace: Workspace) -> dict[str, int]:
    """How many rows of the workspace are left, by model, other than those that stay."""
    counts = {label: len(rows) for label, rows in rows_of(workspace).items()}
    return {label: count for label, count in counts.items() if count and label not in STAYS}


def remove(workspace: Workspace, now: datetime) -> dict[str, int]:
    """As an owner does."""
    return dict(erasure.remove_demo(workspace=workspace, by="user:olga", now=now))


def test_everything_the_demo_made_is_gone(demo: Workspace, now: datetime) -> None:
    """Agents, schedules, runs, proposals, executions, decisions, memory, budgets, connectors."""
    agent = fill(demo, now)
    gone = remove(demo, now)
    assert left(demo) == {}
    assert not PeriodicTask.objects.filter(kwargs__contains=str(agent.pk)).exists()
    assert gone["agents"] == gone["runs"] == gone["connectors"] == 1
    assert (gone["proposals"], gone["changes"], gone["items"]) == (3, 3, 2)


def test_people_policies_and_the_log_stay(demo: Workspace, cast: Cast, now: datetime) -> None:
    """Whoever could sign in still can; the log grew by what was done."""
    fill(demo, now)
    before = Event.objects.filter(workspace_id=demo.pk).count()
    remove(demo, now)
    demo.refresh_from_db()
    assert demo.memberships.count() == 4
    assert demo.policies.count() == 1
    assert not demo.is_demo
    assert Event.objects.filter(workspace_id=demo.pk).count() > before


def test_the_log_says_what_went(demo: Workspace, now: datetime) -> None:
    """One event by the person, with the same counts that are returned."""
    fill(demo, now)
    gone = remove(demo, now)
    [event] = Event.objects.filter(kind="demo.removed")
    assert (event.actor, event.subject_kind, event.subject_id) == (
        "user:olga", "workspace", str(demo.pk),
    )  # fmt: skip
    assert Payload.objects.get(event_id=event.id).fields["counts"] == gone


def test_another_workspace_keeps_every_row(
    demo: Workspace, elsewhere: Workspace, ledger_url: str, now: datetime
) -> None:
    """Not a column of a row of somebody else changes."""
    configure_connector(workspace=elsewhere, name="ledger", kind="null", address=ledger_url,
                        settings={}, secret="", by="test", now=now)  # fmt: skip
    fill(demo, now)
    fill(elsewhere, now)
    before, tasks = rows_of(elsewhere), PeriodicTask.objects.count()
    remove(demo, now)
    assert rows_of(elsewhere) == before
    assert PeriodicTask.objects.count() == tasks - 1


def test_a_workspace_of_ones_own_is_refused(workspace: Workspace, now: datetime) -> None:
    """Only what is marked as a demo can be removed, and only once."""
    make_agent(workspace, "repricing", now)
    with pytest.raises(NoDemo):
        remove(workspace, now)
    assert Agent.objects.count() == 1


def test_nothing_goes_while_a_worker_is_at_the_shop(demo: Workspace, now: datetime) -> None:
    """The call ends first; meanwhile everything is switched off, and asking again goes on."""
    fill(demo, now)
    waits = propose(demo, "7", now=now)
    Execution.objects.filter(subject_id=waits.changes.get().pk).update(
        state="calling", lease_until=now + timedelta(seconds=60)
    )
    with pytest.raises(StillAtWork):
        remove(demo, now)
    assert Proposal.objects.count() == 4
    assert not Agent.objects.filter(enabled=True).exists()
    assert not Connector.objects.filter(enabled=True).exists()
    assert not Run.objects.filter(state="running").exists()
    remove(demo, now + timedelta(seconds=61))
    assert left(demo) == {}


def test_it_goes_on_where_it_broke_off(
    demo: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A death between two transactions leaves a demo that can be removed again."""
    fill(demo, now)
    monkeypatch.setattr(erasure, "AT_ONCE", 1)
    monkeypatch.setattr(erasure, "forget", die)
    with pytest.raises(Died):
        remove(demo, now)
    assert not Proposal.objects.exists()
    assert Agent.objects.exists()
    monkeypatch.undo()
    remove(demo, now)
    assert left(demo) == {}


class Died(Exception):
    """The process was killed."""


def die(**_: Any) -> None:
    """As a killed process."""
    raise Died


def test_a_stop_of_everything_outlives_the_demo(demo: Workspace, now: datetime) -> None:
    """Who stopped everything did not mean the demo alone."""
    agent = fill(demo, now)
    for scope, target in (("workspace", ""), ("agent", str(agent.pk))):
        engage(workspace=demo, scope=scope, target=target, reason="Odd.", by="test", now=now)
    remove(demo, now)
    assert [one.scope for one in engaged(demo.pk)] == ["workspace"]


def test_each_transaction_is_small(demo: Workspace, now: datetime) -> None:
    """A step takes no more rows than it is told, and says when nothing is left."""
    fill(demo, now)
    assert Decision.objects.count() == 3
    taken = [sum(erasure.proposals.forget(workspace_id=demo.pk, most=2).values())
             for _ in range(4)]  # fmt: skip
    assert taken == [2, 2, 2, 0]


def test_a_key_of_the_workspace_still_opens(demo: Workspace, cast: Cast, now: datetime) -> None:
    """People's keys are people's."""
    accounts.create_key(workspace=demo, user=cast.otto, name="Ours", scopes=["runs:read"],
                        now=now)  # fmt: skip
    fill(demo, now)
    remove(demo, now)
    assert demo.api_keys.get().revoked_at is None
