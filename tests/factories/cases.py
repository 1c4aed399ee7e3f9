"""Cases of the refund desk: how they come about, where they stand, what is read of them."""

from datetime import datetime
from typing import Any

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Handled, Run
from apps.agents.playbooks.refund_desk.sense import Case
from apps.policies import operations as policies
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal, State
from apps.proposals.operations import Draft, Origin
from apps.proposals.reading import queue
from tests.factories import agents as make

OTHERS = Origin(by="key:integrator", trigger="api")


def leave(agent: Agent, keys: list[str], now: datetime) -> None:
    """These cases have ended."""
    run = Run.objects.create(workspace=agent.workspace, agent=agent, trigger="test", state="done",
                             started_by="test", not_before=now, started_at=now, finished_at=now)  # fmt: skip
    Handled.objects.bulk_create(
        Handled(workspace=agent.workspace, playbook="refund_desk", key=key, run=run, at=now)
        for key in keys
    )


def work(agent: Agent, now: datetime) -> Run:
    """A run of the desk, driven as far as it goes without a person."""
    run = operations.start(agent=agent, trigger="schedule", by="clock", now=now)
    make.drive(lambda: now)
    run.refresh_from_db()
    return run


def inbox(agent: Agent, user: Any, now: datetime) -> list[Proposal]:
    """What waits for this person."""
    return queue.queue(agent.workspace_id, user, now=now)


def take_the_payment(agent: Agent, case: Case, now: datetime) -> Proposal:
    """Somebody proposes to give one cent back on the payment: it is open from now on."""
    assert case.order is not None
    params = {"order_id": case.order.order_id, "payment_id": case.order.payments[0].payment_id,
              "amount": "0.01", "currency": case.order.currency}  # fmt: skip
    draft = Draft(title="A cent", rationale="", changes=[("refund_payment", params)])
    [proposal] = proposals.submit(workspace=agent.workspace, drafts=[draft], origin=OTHERS, now=now)
    assert proposal is not None
    assert proposal.state == State.WAITING
    return proposal


def deny_refunds(workspace: Workspace, now: datetime) -> None:
    """From now on policy gives no money back."""
    rules = [
        {"name": "no money", "actions": ["refund_payment"], "when": "true", "outcome": "deny",
         "reason": "Nothing is given back this week."},
        {"name": "replies wait", "actions": ["send_message"], "when": "true",
         "outcome": "review", "reason": "Everything is read."},
    ]  # fmt: skip
    version = policies.draft(
        workspace=workspace, name="Refunds and replies", rules=rules, limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)


def the_case(case: Case) -> Handled:
    """The row of the case."""
    return Handled.objects.get(key=case.key)


def words_of(proposal: Proposal) -> str:
    """All a person reads of it."""
    told = [f"{entry['title']} {entry['detail']}" for entry in proposal.evidence]
    return " ".join([proposal.title, proposal.rationale, *told])
