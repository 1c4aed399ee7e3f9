"""Reading earlier exchanges: of this customer and playbook, lately, newest first, few statements."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace
from apps.agents.playbooks.refund_desk import threads
from apps.gateway.models import Connector, Execution
from apps.proposals.models import Change, Proposal

ANN = "customer:ann@example.com"


def proposed(workspace: Workspace, connector: Connector, at: datetime, **fields: Any) -> Proposal:
    """A refund with its reply, as the desk proposes it."""
    case = {"message_id": "m1", "order": "1001", "intent": "damaged", "skus": ["MUG"],
            "about": ANN, "said": "refund"}  # fmt: skip
    values = {"playbook": "refund_desk", "submitted_by": "agent:x", "rationale": "Why.",
              "title": "Refund 20.00 EUR", "risk": "medium", "state": "done", "binding": "b",
              "created_at": at, "expires_at": at + timedelta(hours=72), "case": case,
              "evidence": [{"kind": "message", "title": "Ann", "detail": "It is broken."}]}  # fmt: skip
    proposal = Proposal.objects.create(workspace=workspace, **(values | fields))
    for position, (action, params) in enumerate((
        ("refund_payment", {"amount": "20.00"}), ("send_message", {"body": "We refund it."}),
    )):  # fmt: skip
        Change.objects.create(workspace=workspace, proposal=proposal, position=position,
                              connector=connector, action=action, params=params, proposed=params,
                              target=str(uuid7()), before={}, after={}, is_open=False)  # fmt: skip
    return proposal


def read(workspace: Workspace, now: datetime, days: int = 30) -> list[threads.Exchange]:
    """Ann's exchanges."""
    return threads.exchanges(workspace.pk, "refund_desk", ANN, days=days, now=now)


def test_an_exchange_has_both_sides(
    workspace: Workspace, connector: Connector, now: datetime
) -> None:
    """What she wrote, what was proposed and sent, and under which Message-ID."""
    proposal = proposed(workspace, connector, now)
    letter = proposal.changes.get(action="send_message")
    Execution.objects.create(
        workspace=workspace, connector=connector, subject_id=letter.pk, key="k", binding="b",
        action="send_message", target="t", params={}, snapshot={}, state="done", receipt={},
        reference="<aios.k@demo.example>", created_at=now, not_before=now, finished_at=now,
    )  # fmt: skip
    [found] = read(workspace, now)
    assert (found.wrote, found.answered) == ("Ann\nIt is broken.", "We refund it.")
    assert (found.order, found.intent, found.skus) == ("1001", "damaged", ["MUG"])
    assert (found.state, found.gives, found.said) == ("done", True, "refund")
    assert found.answer_ids == ["<aios.k@demo.example>"]
    assert found.proposal_id == str(proposal.pk)


def test_an_answer_that_was_not_sent_is_none(
    workspace: Workspace, connector: Connector, now: datetime
) -> None:
    """What only waits the customer has not read."""
    proposed(workspace, connector, now, state="waiting")
    assert [one.answered for one in read(workspace, now)] == [""]


def test_nobody_elses_and_nothing_old(
    workspace: Workspace, elsewhere: Workspace, connector: Connector, now: datetime
) -> None:
    """Neither another customer's, another workspace's, another playbook's, nor last year's."""
    other = {"message_id": "m", "about": "customer:bob@example.com"}
    proposed(workspace, connector, now, case=other)
    proposed(elsewhere, connector, now)
    proposed(workspace, connector, now, playbook="repricing")
    proposed(workspace, connector, now - timedelta(days=31))
    assert read(workspace, now) == []
    assert len(read(workspace, now, days=32)) == 1


@pytest.mark.parametrize("past", [1, 40])
def test_a_long_past_costs_no_more(
    workspace: Workspace, connector: Connector, now: datetime, past: int
) -> None:
    """The newest five, in three statements."""
    for hours in range(past):
        proposed(workspace, connector, now - timedelta(hours=past - hours))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = read(workspace, now)
    assert len(asked) == 3
    assert len(found) == min(past, threads.MOST)
    assert found == sorted(found, key=lambda one: one.at, reverse=True)


def test_odd_evidence_is_passed_over(
    workspace: Workspace, connector: Connector, now: datetime
) -> None:
    """An integrator may have written anything into it."""
    proposed(workspace, connector, now, evidence=["text", {"kind": "shop"}])
    assert [one.wrote for one in read(workspace, now)] == [""]
