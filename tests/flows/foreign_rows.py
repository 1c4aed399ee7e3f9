"""A workspace with a row of everything, and a value for each parameter of an address."""

from datetime import datetime

import pytest
from django.contrib.contenttypes.models import ContentType

from apps.accounts import invitations
from apps.accounts import operations as accounts
from apps.accounts.models import ApiKey, Workspace
from apps.agents import labelling
from apps.agents.models import Agent, LabelledExample, Run
from apps.audit import operations as audit
from apps.audit.models import Entry
from apps.gateway.models import Connector, Execution, KillSwitch
from apps.gateway.switches import engage
from apps.memory import operations as memory
from apps.notifications import operations as notifications
from apps.notifications.models import Channel, Notice
from apps.policies.models import Decision, Version
from apps.proposals import operations
from apps.proposals.models import Proposal, Question
from apps.proposals.operations import Draft, Origin
from tests.conftest import Cast
from tests.factories.outside_agents import register
from tests.factories.proposals import price_change
from tests.flows.tenancy import (
    MARKER,
    Secrets,
    secrets_of,
)


@pytest.fixture
def secrets(
    workspace: Workspace, cast: Cast, connector: Connector, policy: Version, now: datetime
) -> Secrets:
    """A workspace with a row of everything, all of whose texts carry the marker."""
    workspace.name = f"{MARKER} shop"
    workspace.save()
    propose_and_judge(workspace, cast, run_of(workspace, now), now)
    configure(workspace, cast, now)
    tell_of(workspace, now)
    audit.sequence()
    return secrets_of(workspace)


def run_of(workspace: Workspace, now: datetime) -> Run:
    """An agent's run with a step."""
    agent = Agent.objects.create(
        workspace=workspace, name=f"{MARKER} agent", playbook="repricing", created_at=now
    )
    run = Run.objects.create(
        workspace=workspace, agent=agent, trigger="schedule", started_by=MARKER, not_before=now,
        started_at=now, summary=MARKER,
    )  # fmt: skip
    run.steps.create(
        workspace=workspace, number=1, stage="sense", input_digest="0" * 64, summary=MARKER,
        started_at=now, finished_at=now,
    )  # fmt: skip
    return run


def propose_and_judge(workspace: Workspace, cast: Cast, run: Run, now: datetime) -> None:
    """Proposals of the run: one done, one asked about, one rejected, one unproven."""
    drafts = [
        Draft(
            title=f"{MARKER} {amount}", rationale=MARKER, subject=f"sku:{MARKER}",
            changes=[price_change(amount, f"{MARKER}_{amount}")], case={"sku": MARKER},
            evidence=[{"kind": "fact", "title": MARKER, "detail": MARKER}],
        )
        for amount in (5, 50, 60, 70)
    ]  # fmt: skip
    origin = Origin(by=run.agent.actor, trigger="schedule", run_id=run.pk, agent_id=run.agent.pk)
    made = operations.submit(workspace=workspace, drafts=drafts, origin=origin, now=now)
    operations.execute(worker=MARKER, clock=lambda: now)
    _, asked, rejected, unproven = made
    assert asked is not None
    assert rejected is not None
    assert unproven is not None
    Proposal.objects.filter(pk=unproven.pk).update(state="needs_person")
    operations.ask(proposal_id=asked.pk, user=cast.jun, text=MARKER, now=now)
    operations.reject(
        proposal_id=rejected.pk, user=cast.rita, binding=rejected.binding, reason=MARKER, now=now
    )


def configure(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """What people have set up: a switch, an example, a key of an agent, an invitation."""
    engage(
        workspace=workspace, scope="action", target="send_message", reason=MARKER, by=MARKER,
        now=now,
    )  # fmt: skip
    labelling.add(
        workspace=workspace, intent="damaged", language="en", text=f"{MARKER} arrived broken",
        by=MARKER, now=now,
    )  # fmt: skip
    accounts.create_key(
        workspace=workspace, user=cast.olga, name=f"{MARKER} key", scopes=["runs:read"], now=now,
        agent=register(workspace, cast.olga, name=f"{MARKER} ERP", now=now),
    )  # fmt: skip
    invitations.invite(
        workspace=workspace, email=f"{MARKER}@example.com", role="reviewer", by=cast.olga, now=now
    )


def tell_of(workspace: Workspace, now: datetime) -> None:
    """What is remembered, and a notice that failed."""
    memory.remember(
        workspace=workspace, type="fact", namespace="repricing", subject=f"sku:{MARKER}",
        text=MARKER, data={}, provenance={"source": "test", "by": "test"}, now=now,
    )  # fmt: skip
    channel = notifications.configure_channel(
        workspace=workspace, name=f"{MARKER} list", kind="mail", address=f"{MARKER}@example.com",
        secret="", by=MARKER, now=now,
    )  # fmt: skip
    Notice.objects.create(
        workspace=workspace, channel=channel, kind="stopped", detail=MARKER, key=MARKER,
        error=MARKER, state="failed", due_at=now, created_at=now, ended_at=now,
    )  # fmt: skip


@pytest.fixture
def values(secrets: Secrets, workspace: Workspace) -> dict[str, object]:
    """A value for each parameter of an address; ids are of the workspace not to be seen."""
    waiting = Proposal.objects.get(workspace=workspace, state="waiting")
    question = Question.objects.get(workspace=workspace)
    # numbered once its transaction is over, so only where the test has committed
    told = Entry.objects.filter(workspace_id=workspace.pk, kind="proposal.rejected").first()
    return {
        "proposal_id": waiting.pk,
        "unproven": Proposal.objects.get(workspace=workspace, state="needs_person").pk,
        "run_id": Run.objects.get().pk,
        "connector_id": Connector.objects.get(workspace=workspace).pk,
        "switch_id": KillSwitch.objects.get().pk,
        "channel_id": Channel.objects.get().pk,
        "key_id": ApiKey.objects.get(workspace=workspace).pk,
        "example_id": LabelledExample.objects.get().pk,
        "decision_id": Decision.objects.first().pk,
        "execution_id": Execution.objects.get().pk,
        "change_id": waiting.changes.get().pk,
        "question_id": question.pk,
        "workspace_id": workspace.pk,
        "page_path": f"proposals/{waiting.pk}/",
        "index": told.index if told else 1,
        "section": "facts",
        "fact": "decided",
        "cursor": waiting.pk,
        "binding": waiting.binding,
        "agent": Agent.objects.get().pk,
        "agent_id": Agent.objects.get().pk,
        "content_type_id": ContentType.objects.get_for_model(Proposal).pk,
        "app_label": "proposals",
        # of people, not of a workspace: any value will do
        "url": "nothing",
        "token": "nothing",  # who has a link that works is asked in by it
        "proof": "nothing",
        "key": "1-x",
        "uidb36": "1",
        "pk": 1,
    }
